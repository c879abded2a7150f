import { Clipboard, Notification } from '@jupyterlab/apputils';

import { CommandIDs } from '../commandIds';
import type { ICommandContext } from './context';
import { A_CHART } from './schemas';
import { textOf } from './targets';

/** Add the command that puts a chart into a notebook, as a cell that draws it again. */
export function addChartCommands(context: ICommandContext): void {
  const { app, trans, notebooks } = context;
  app.commands.addCommand(CommandIDs.insertChart, {
    label: trans.__('Put Chart into Notebook'),
    describedBy: { args: A_CHART },
    isVisible: () => false, // it makes sense from a chart alone
    execute: async args => {
      const code = textOf(args.code);
      if (code === null) {
        return;
      }
      const panel = notebooks?.currentWidget;
      if (!panel) {
        Clipboard.copyToSystem(code);
        Notification.info(
          trans.__('No notebook is open. The cell was copied: paste it where it belongs.'),
          { autoClose: 8000 }
        );
        return;
      }
      await panel.context.ready;
      const { content } = panel;
      const { sharedModel } = content.model!;
      const place = Math.min(content.activeCellIndex + 1, sharedModel.cells.length);
      sharedModel.insertCell(place, { cell_type: 'code', source: code, metadata: {} });
      content.deselectAll();
      content.activeCellIndex = place;
      app.shell.activateById(panel.id);
      await content.scrollToItem(place, 'auto', 0).catch(() => undefined);
      Notification.info(
        trans.__('The chart is a new cell of %1: run it to draw it.', panel.title.label),
        { autoClose: 6000 }
      );
    }
  });
}
