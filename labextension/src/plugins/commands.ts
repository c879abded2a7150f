import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { IClient } from '../client/tokens';
import { CommandIDs } from '../commandIds';
import type { ICommandContext } from '../commands/context';
import { addCellCommands } from '../commands/cellCommands';
import { addChartCommands } from '../commands/chartCommands';
import { addJobCommands } from '../commands/jobCommands';
import { addListCommands } from '../commands/listCommands';
import { addResumeCommands } from '../commands/resumeCommands';
import { addRunCommands } from '../commands/runCommands';
import { addSweepCommands } from '../commands/sweepCommands';
import { IModels, IPages } from '../tokens';

/** The commands that make sense without a row under the pointer. */
const IN_PALETTE = [
  CommandIDs.showRuns,
  CommandIDs.searchRuns,
  CommandIDs.refreshRuns,
  CommandIDs.openRun,
  CommandIDs.openSnapshot,
  CommandIDs.compareRuns,
  CommandIDs.reproduceRun,
  CommandIDs.clearSelection,
  CommandIDs.runAsJob,
  CommandIDs.openJobs
];

/** Adds the commands; menus, shortcuts and the toolbar button are in schema/commands.json. */
export const commandsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'trackbook:commands',
  description: 'The commands of Trackbook, and where they are found.',
  autoStart: true,
  requires: [IClient, IModels, IPages],
  optional: [INotebookTracker, ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    client: IClient,
    models: IModels,
    pages: IPages,
    notebooks: INotebookTracker | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('trackbook');
    const context: ICommandContext = { app, client, models, pages, trans, notebooks };
    addListCommands(context);
    addRunCommands(context);
    addJobCommands(context);
    addSweepCommands(context);
    addResumeCommands(context);
    addCellCommands(context);
    addChartCommands(context);
    const update = () => app.commands.notifyCommandChanged();
    models.selection.changed.connect(update);
    notebooks?.currentChanged.connect(update);
    models.project.changed.connect(update);
    const category = trans.__('Trackbook');
    IN_PALETTE.forEach(command => palette?.addItem({ command, category }));
  }
};
