import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { IClient } from '../client/tokens';
import { CommandIDs } from '../commandIds';
import { A_CELL } from '../commands/schemas';
import { textOf } from '../commands/targets';
import { Sidebar } from '../panel/sidebar';
import { IModels } from '../tokens';

/** Puts runs, jobs and problems into the left sidebar. */
export const sidebarPlugin: JupyterFrontEndPlugin<void> = {
  id: 'trackbook:sidebar',
  description: 'Shows runs, jobs and problems beside the notebook.',
  autoStart: true,
  requires: [IClient, IModels],
  optional: [ILayoutRestorer, ILabShell, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    client: IClient,
    models: IModels,
    restorer: ILayoutRestorer | null,
    shell: ILabShell | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('trackbook');
    const { commands } = app;
    const sidebar = new Sidebar({
      trans,
      commands,
      connection: models.connection,
      models,
      translator: translator ?? undefined,
      onRename: async (id, name) => {
        const { project } = models.project;
        if (project) {
          models.list.update(await client.editRun(project.id, id, { name }));
        }
      },
      onLeave: () => {
        const current = shell?.currentWidget;
        if (current) {
          shell.activateById(current.id);
        }
      }
    });
    commands.addCommand(CommandIDs.showRuns, {
      label: trans.__('Show Runs'),
      describedBy: { args: { type: 'object', properties: {} } },
      execute: () => app.shell.activateById(sidebar.id)
    });
    commands.addCommand(CommandIDs.showProblems, {
      label: trans.__('Show Problems'),
      caption: trans.__('Show what there is to mend in the current notebook'),
      describedBy: { args: A_CELL },
      execute: args => {
        sidebar.askProblems(textOf(args.cell));
        app.shell.activateById(sidebar.id);
      }
    });
    app.shell.add(sidebar, 'left', { rank: 450, type: 'Runs' });
    restorer?.add(sidebar, sidebar.id);
  }
};
