import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import { CommandIDs } from '../commandIds';
import { severityIcons } from '../icons';
import { cursorOf, findPanel, goTo } from '../notebooks/place';
import type { LintModel } from '../models/lint';
import type { ProblemsModel } from '../models/problems';
import { A_NOTEBOOK } from './schemas';
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
  const find = (path: unknown) => findPanel(app, context.notebooks, textOf(path));
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
