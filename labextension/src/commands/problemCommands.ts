import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import { CommandIDs } from '../commandIds';
import { severityIcons } from '../icons';
import { cursorOf, goTo } from '../lint/place';
import type { LintModel } from '../models/lint';
import type { ProblemsModel } from '../models/problems';
import { A_NOTEBOOK, A_PLACE } from './schemas';
import { textOf } from './targets';

/** What the commands about problems work with. */
export interface IProblemContext {
  app: JupyterFrontEnd;
  notebooks: INotebookTracker;
  problems: ProblemsModel;
  trans: TranslationBundle;
  lintOf(panel: NotebookPanel): LintModel;
}

/** Add the commands that look for problems, and lead to them. */
export function addProblemCommands(context: IProblemContext): void {
  const { app, problems, trans, lintOf } = context;
  const { commands } = app;
  const find = (path: unknown) => findPanel(context, textOf(path));
  commands.addCommand(CommandIDs.lintNotebook, {
    label: trans.__('Lint This Notebook'),
    caption: trans.__('Look for what there is to mend in this notebook, and show it'),
    icon: severityIcons.warning,
    describedBy: { args: A_NOTEBOOK },
    isEnabled: args => find(args.path) !== null,
    execute: async args => {
      const panel = find(args.path);
      if (panel) {
        const done = lintOf(panel).refresh();
        await commands.execute(CommandIDs.showProblems);
        await done;
      }
    }
  });
  commands.addCommand(CommandIDs.goToProblem, {
    label: trans.__('Go to Problem'),
    describedBy: { args: A_PLACE },
    execute: async args => {
      const panel = find(args.path);
      if (!panel) {
        return;
      }
      app.shell.activateById(panel.id);
      const place = {
        id: textOf(args.id),
        cell: numberOf(args.cell),
        line: numberOf(args.line),
        column: numberOf(args.column)
      };
      const isThere = place.cell === 0 || (await goTo(panel, place));
      if (!isThere) {
        Notification.warning(trans.__('This cell is no longer in the notebook.'), {
          autoClose: 5000
        });
      }
    }
  });
  addStep(context, CommandIDs.nextProblem, trans.__('Go to Next Problem'), 1);
  addStep(context, CommandIDs.previousProblem, trans.__('Go to Previous Problem'), -1);
  problems.changed.connect(() => {
    commands.notifyCommandChanged(CommandIDs.nextProblem);
    commands.notifyCommandChanged(CommandIDs.previousProblem);
  });
}

function addStep(context: IProblemContext, id: string, label: string, step: 1 | -1): void {
  const { app, notebooks, problems } = context;
  app.commands.addCommand(id, {
    label,
    describedBy: { args: { type: 'object', properties: {} } },
    isEnabled: () => problems.shown.length > 0,
    execute: async () => {
      const panel = notebooks.currentWidget;
      if (!panel) {
        return;
      }
      const { cell, line } = cursorOf(panel);
      const item = problems.next(cell, line, step);
      if (item) {
        const { cell: position, cell_id: id, line: to, column } = item;
        await goTo(panel, { id, cell: position, line: to, column });
      }
    }
  });
}

/** The open notebook at a contents path; the current one without a path. */
function findPanel(context: IProblemContext, path: string | null): NotebookPanel | null {
  const { app, notebooks } = context;
  const { contents } = app.serviceManager;
  const isAt = (panel: NotebookPanel) => contents.localPath(panel.context.path) === path;
  const current = notebooks.currentWidget;
  if (path === null || (current && isAt(current))) {
    return current;
  }
  return notebooks.find(isAt) ?? null;
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
