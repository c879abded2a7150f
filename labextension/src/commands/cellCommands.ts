import { Notification } from '@jupyterlab/apputils';

import { toApiError } from '../client/errors';
import { CommandIDs } from '../commandIds';
import { findPanel, goTo } from '../notebooks/place';
import type { ICommandContext } from './context';
import { A_PLACE } from './schemas';
import { contentsPath, textOf } from './targets';

/** Add the command that leads to a place in a notebook. */
export function addCellCommands(context: ICommandContext): void {
  const { app, models, trans, notebooks } = context;
  app.commands.addCommand(CommandIDs.goToCell, {
    label: trans.__('Go to Cell'),
    describedBy: { args: A_PLACE },
    execute: async args => {
      const source = textOf(args.source);
      const project = textOf(args.project) ?? models.project.project?.id ?? '';
      const path = textOf(args.path) ?? (source && contentsPath(models, project, source));
      if (path === null) {
        tell(trans.__('This notebook lies where the server can’t open it: %1', source));
        return;
      }
      const place = {
        id: textOf(args.id),
        cell: numberOf(args.cell),
        line: numberOf(args.line),
        column: numberOf(args.column)
      };
      try {
        await openAt(context, path);
      } catch (error) {
        tell(toApiError(error).message);
        return;
      }
      const panel = notebooks && findPanel(app, notebooks, path);
      // Without a cell, the notebook itself was meant.
      if (panel && (place.id !== null || place.cell)) {
        await panel.context.ready;
        await panel.revealed;
        if (!(await goTo(panel, place))) {
          tell(trans.__('This cell is no longer in the notebook.'));
        }
      }
    }
  });
}

/** Show the notebook at a contents path; open it where it isn't. */
async function openAt(context: ICommandContext, path: string): Promise<void> {
  const { app, notebooks } = context;
  const panel = notebooks && findPanel(app, notebooks, path);
  if (panel) {
    app.shell.activateById(panel.id);
  } else {
    await app.commands.execute('docmanager:open', { path });
  }
}

function tell(text: string): void {
  Notification.warning(text, { autoClose: 6000 });
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
