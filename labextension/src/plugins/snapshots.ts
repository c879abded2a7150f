import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker, NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel } from '@jupyterlab/services';
import { ISettingRegistry } from '@jupyterlab/settingregistry';

import { IClient } from '../client/tokens';
import { type IWatchedNotebook, SnapshotKeeper } from '../snapshots/keeper';
import { IModels } from '../tokens';
import { modelsPlugin } from './models';

/** Gives each run the notebook as it was, unsaved changes included. */
export const snapshotsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'trackbook:snapshots',
  description: 'Keeps the open notebook with each run.',
  autoStart: true,
  requires: [IClient, IModels, INotebookTracker],
  optional: [ISettingRegistry],
  activate: (
    _: JupyterFrontEnd,
    client: IClient,
    models: IModels,
    notebooks: INotebookTracker,
    settings: ISettingRegistry | null
  ): void => {
    const keeper = new SnapshotKeeper({ client, changes: models.changes });
    const watched = new Map<unknown, IWatchedNotebook>();
    const watch = (panel: NotebookPanel) => {
      const notebook = watchPanel(panel, keeper);
      watched.set(panel.content, notebook);
      panel.disposed.connect(() => {
        watched.delete(panel.content);
        notebook.dispose();
      });
    };
    notebooks.forEach(watch);
    notebooks.widgetAdded.connect((_sender, panel) => watch(panel));
    NotebookActions.executionScheduled.connect((_sender, { notebook, cell }) =>
      watched.get(notebook)?.scheduled(cell.model.id)
    );
    void followSettings(keeper, settings);
  }
};

function watchPanel(panel: NotebookPanel, keeper: SnapshotKeeper): IWatchedNotebook {
  const notebook = keeper.watch(panel.context.model.sharedModel);
  const onMessage = (_: unknown, { direction, msg }: Kernel.IAnyMessageArgs) =>
    notebook.heard(direction, msg);
  let kernel: Kernel.IKernelConnection | null = null;
  const attach = () => {
    const next = panel.sessionContext.session?.kernel ?? null;
    if (next !== kernel) {
      kernel?.anyMessage.disconnect(onMessage);
      kernel = next;
      kernel?.anyMessage.connect(onMessage);
    }
  };
  panel.sessionContext.kernelChanged.connect(attach);
  attach();
  return notebook;
}

async function followSettings(
  keeper: SnapshotKeeper,
  registry: ISettingRegistry | null
): Promise<void> {
  const settings = await registry?.load(modelsPlugin.id);
  const read = () => {
    keeper.isEnabled = settings?.get('keepDocument').composite !== false;
  };
  settings?.changed.connect(read);
  read();
}
