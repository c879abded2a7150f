import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { INotebookTracker, NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { Debouncer } from '@lumino/polling';

import { IClient } from '../client/tokens';
import { BestModel } from '../models/best';
import { Changes } from '../models/changes';
import { ColoursModel } from '../models/colours';
import { ConnectionModel } from '../models/connection';
import { Details } from '../models/details';
import { ExperimentsModel } from '../models/experiments';
import { JobsModel } from '../models/jobs';
import { ListState } from '../models/listState';
import { ProblemsModel } from '../models/problems';
import { ProjectModel } from '../models/project';
import { RunListModel } from '../models/runList';
import { scopeFromText, scopeToText } from '../models/scope';
import { SelectionModel } from '../models/selection';
import { SweepsModel } from '../models/sweeps';
import { IModels } from '../tokens';

const ID = 'trackbook:plugin';

/** Where scope and search are remembered, in the workspace. */
const STATE = 'trackbook:list';

/** Provides the models; they follow the user from notebook to notebook. */
export const modelsPlugin: JupyterFrontEndPlugin<IModels> = {
  id: ID,
  description: 'Knows the runs of the current notebook and its project.',
  autoStart: true,
  provides: IModels,
  requires: [IClient],
  optional: [INotebookTracker, IDefaultFileBrowser, ISettingRegistry, IStateDB],
  activate: (
    app: JupyterFrontEnd,
    client: IClient,
    notebooks: INotebookTracker | null,
    browser: IDefaultFileBrowser | null,
    settings: ISettingRegistry | null,
    state: IStateDB | null
  ): IModels => {
    const models = makeModels(app, client);
    followUser(app, models.project, notebooks, browser);
    void remember(models.list, settings, state);
    return models;
  }
};

function makeModels(app: JupyterFrontEnd, client: IClient): IModels {
  const connection = new ConnectionModel();
  const changes = new Changes({
    client,
    events: app.serviceManager.events.stream,
    connection
  });
  // JupyterLab's own requests may find out first.
  app.serviceManager.connectionFailure.connect(() => changes.check());
  const project = new ProjectModel({ client, changes });
  const list = new RunListModel({ client, changes, project });
  const listState = new ListState();
  const selection = new SelectionModel();
  const colours = new ColoursModel();
  const details = new Details({ client, changes });
  selection.changed.connect(() => colours.assign(selection.ids));
  listState.changed.connect(() => details.keep(listState.expanded));
  let id: string | null = null;
  project.changed.connect(() => {
    const next = project.project?.id ?? null;
    if (next !== id) {
      id = next;
      selection.clear();
    }
  });
  return {
    changes,
    connection,
    project,
    list,
    listState,
    selection,
    colours,
    details,
    best: new BestModel({ client, changes, list }),
    experiments: new ExperimentsModel({ client, changes, project }),
    jobs: new JobsModel({ client, changes, project }),
    sweeps: new SweepsModel({ client, changes, project }),
    problems: new ProblemsModel()
  };
}

function followUser(
  app: JupyterFrontEnd,
  project: ProjectModel,
  notebooks: INotebookTracker | null,
  browser: IDefaultFileBrowser | null
): void {
  const { contents } = app.serviceManager;
  const follow = () => {
    const path = notebooks?.currentWidget?.context.path;
    const notebook = path === undefined ? null : contents.localPath(path);
    project.follow(notebook, contents.localPath(browser?.model.path ?? ''));
  };
  const watch = (panel: NotebookPanel) => panel.context.pathChanged.connect(follow);
  notebooks?.forEach(watch);
  notebooks?.widgetAdded.connect((_, panel) => watch(panel));
  notebooks?.currentChanged.connect(follow);
  browser?.model.pathChanged.connect(follow);
  // The first run of a folder makes the store, and no store tells of itself.
  NotebookActions.executionScheduled.connect(() => project.poke());
  NotebookActions.executed.connect(() => project.poke());
  void app.restored.then(follow);
}

async function remember(
  list: RunListModel,
  settings: ISettingRegistry | null,
  state: IStateDB | null
): Promise<void> {
  const [preferred, saved] = await Promise.all([
    settings?.load(ID).then(loaded => loaded.get('scope').composite),
    state?.fetch(STATE)
  ]);
  const kept = saved as { scope?: string; search?: string } | undefined;
  list.setScope(scopeFromText(kept?.scope ?? preferred));
  list.setSearch(kept?.search ?? '');
  const save = new Debouncer(
    () => state?.save(STATE, { scope: scopeToText(list.scope), search: list.search }),
    300
  );
  let last = list.place + list.search;
  list.changed.connect(() => {
    const now = list.place + list.search;
    if (now !== last) {
      last = now;
      void save.invoke().catch(() => undefined);
    }
  });
}
