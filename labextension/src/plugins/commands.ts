import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { ReadonlyJSONObject } from '@lumino/coreutils';

import { IClient } from '../client/tokens';
import { CommandIDs } from '../commandIds';
import type { ICommandContext } from '../commands/context';
import { addCellCommands } from '../commands/cellCommands';
import { addChartCommands } from '../commands/chartCommands';
import { addCompareCommands } from '../commands/compareCommands';
import { addJobCommands } from '../commands/jobCommands';
import { addListCommands } from '../commands/listCommands';
import { addResumeCommands } from '../commands/resumeCommands';
import { addRunCommands } from '../commands/runCommands';
import { addSweepCommands } from '../commands/sweepCommands';
import { addTableCommands } from '../commands/tableCommands';
import { IModels, IPages } from '../tokens';

/** The commands that make sense without a row under the pointer. */
const IN_PALETTE = [
  CommandIDs.showRuns,
  CommandIDs.searchRuns,
  CommandIDs.refreshRuns,
  CommandIDs.openRun,
  CommandIDs.openSnapshot,
  CommandIDs.compareRuns,
  CommandIDs.compareWithBest,
  CommandIDs.compareWithPrevious,
  CommandIDs.reproduceRun,
  CommandIDs.clearSelection,
  CommandIDs.runAsJob,
  CommandIDs.openJobs,
  CommandIDs.openTable,
  CommandIDs.searchTable,
  CommandIDs.selectAllRuns,
  CommandIDs.copyTable
];

const IN_PALETTE_WITH: { command: string; args: ReadonlyJSONObject }[] = [
  { command: CommandIDs.copyTable, args: { format: 'markdown' } },
  { command: CommandIDs.placeCharts, args: { place: 'right' } },
  { command: CommandIDs.placeCharts, args: { place: 'below' } },
  { command: CommandIDs.placeCharts, args: { place: 'hidden' } }
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
    addCompareCommands(context);
    addJobCommands(context);
    addSweepCommands(context);
    addResumeCommands(context);
    addCellCommands(context);
    addChartCommands(context);
    addTableCommands(context);
    const update = () => app.commands.notifyCommandChanged();
    models.selection.changed.connect(update);
    notebooks?.currentChanged.connect(update);
    models.project.changed.connect(update);
    const category = trans.__('Trackbook');
    IN_PALETTE.forEach(command => palette?.addItem({ command, category }));
    IN_PALETTE_WITH.forEach(item => palette?.addItem({ ...item, category }));
  }
};
