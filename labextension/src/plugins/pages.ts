import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { type MainAreaWidget, Notification, WidgetTracker } from '@jupyterlab/apputils';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { TabPanel, type Widget } from '@lumino/widgets';

import { IClient } from '../client/tokens';
import { CommandIDs } from '../commandIds';
import type { Highlighter } from '../components/rendering';
import type { ComparePanel } from '../panel/comparePanel';
import type { JobPanel, JobsPanel, SweepPanel } from '../panel/jobPanels';
import type { RunPanel } from '../panel/runPanel';
import type { ITableState, TablePanel } from '../panel/tablePanel';
import type * as jobPanels from '../panel/jobPanels';
import type { IViewOptions } from '../panel/viewWidget';
import type { TablePage } from '../models/table/tablePage';
import { IModels, IPages } from '../tokens';

/** Opens runs, comparisons, jobs, sweeps and job forms in the main area, and brings them back after a reload. */
export const pagesPlugin: JupyterFrontEndPlugin<IPages> = {
  id: 'trackbook:pages',
  description: 'Shows runs, comparisons, jobs, sweeps and job forms in the main area.',
  autoStart: true,
  provides: IPages,
  requires: [IClient, IModels, IRenderMimeRegistry],
  optional: [
    IEditorLanguageRegistry,
    INotebookTracker,
    ILayoutRestorer,
    ILabShell,
    IStateDB,
    ITranslator
  ],
  activate: (
    app: JupyterFrontEnd,
    client: IClient,
    models: IModels,
    rendermime: IRenderMimeRegistry,
    languages: IEditorLanguageRegistry | null,
    notebooks: INotebookTracker | null,
    restorer: ILayoutRestorer | null,
    labShell: ILabShell | null,
    stateDB: IStateDB | null,
    translator: ITranslator | null
  ): IPages => {
    const view: IViewOptions = {
      trans: (translator ?? nullTranslator).load('trackbook'),
      commands: app.commands,
      connection: models.connection,
      rendering: { rendermime, highlight: makeHighlighter(languages) }
    };
    const findDocument = (path: string): DocumentRegistry.Context | undefined =>
      notebooks?.find(panel => app.serviceManager.contents.localPath(panel.context.path) === path)
        ?.context;
    // Notebook 7 has one document a page, and room for others below it.
    const area = labShell ? 'main' : 'down';
    return new Pages({ app, client, models, view, area, findDocument, restorer, stateDB });
  }
};

/** The tabs beside the notebook, each found again rather than opened twice. */
class Pages implements IPages {
  constructor(private readonly _options: Pages.IOptions) {
    const { restorer } = _options;
    void restorer?.restore(this._runs, {
      command: CommandIDs.openRun,
      args: ({ model, state }) => ({ project: model.project, run: model.id, tab: state.tab }),
      name: panel => panel.id
    });
    void restorer?.restore(this._comparisons, {
      command: CommandIDs.compareRuns,
      args: ({ model, state }) => ({
        project: model.project,
        runs: [...model.runs],
        tab: state.tab
      }),
      name: panel => panel.id
    });
    void restorer?.restore(this._queues, {
      command: CommandIDs.openJobs,
      args: ({ model, state }) => ({ project: model.project, tab: state.tab }),
      name: panel => panel.id
    });
    void restorer?.restore(this._sweeps, {
      command: CommandIDs.openSweep,
      args: ({ model, state }) => ({ project: model.project, sweep: model.id, tab: state.tab }),
      name: panel => panel.id
    });
    void restorer?.restore(this._tables, {
      command: CommandIDs.openTable,
      args: ({ page }) => ({ project: page.project }),
      name: panel => panel.id
    });
    void restorer?.restore(this._jobs, {
      command: CommandIDs.runAsJob,
      args: ({ model }) => ({ path: model.notebook }),
      name: panel => panel.id
    });
  }

  async openRun(project: string, run: string, tab?: string): Promise<void> {
    const { client, models, view } = this._options;
    const { changes, colours } = models;
    const { RunPanel } = await this._loaded(() => import('../panel/runPanel'));
    let panel = this._runs.find(other => other.model.id === run);
    if (!panel) {
      panel = new RunPanel({ ...view, client, changes, colours, project, run, tab: tab ?? null });
      panel.state.changed.connect(() => void this._runs.save(panel!));
      this._add(panel, this._runs);
    } else if (tab) {
      panel.state.setTab(tab);
    }
    this._show(panel);
  }

  async openComparison(project: string, runs: readonly string[], tab?: string): Promise<void> {
    const { client, models, view } = this._options;
    const { changes, colours } = models;
    const { ComparePanel } = await this._loaded(() => import('../panel/comparePanel'));
    const key = [...runs].sort().join();
    let panel = this._comparisons.find(other => [...other.model.runs].sort().join() === key);
    if (!panel) {
      const options = { ...view, client, changes, colours, project, runs };
      panel = new ComparePanel({ ...options, tab: tab ?? null });
      const save = () => void this._comparisons.save(panel!);
      panel.state.changed.connect(save);
      panel.model.changed.connect(save);
      this._add(panel, this._comparisons);
    } else {
      panel.model.setBaseline(runs[0]);
      if (tab) {
        panel.state.setTab(tab);
      }
    }
    this._show(panel);
  }

  stepDifference(direction: 1 | -1): void {
    this._comparisons.currentWidget?.stepDifference(direction);
  }

  async openJobForm(notebook: string): Promise<void> {
    const { client, models, view, findDocument } = this._options;
    const { JobPanel } = await this._load();
    let panel = this._jobs.find(other => other.model.notebook === notebook);
    if (!panel) {
      panel = new JobPanel({ ...view, client, changes: models.changes, notebook, findDocument });
      this._add(panel, this._jobs);
    }
    this._show(panel);
  }

  async openJobs(project: string, job: string | null, tab?: string): Promise<void> {
    const { client, models, view } = this._options;
    const { changes } = models;
    const { JobsPanel } = await this._load();
    let panel = this._queues.find(other => other.model.project === project);
    if (!panel) {
      panel = new JobsPanel({ ...view, client, changes, project, tab: tab ?? null });
      panel.state.changed.connect(() => void this._queues.save(panel!));
      this._add(panel, this._queues);
    } else if (tab ?? job) {
      panel.state.setTab(tab === 'sweeps' ? tab : 'jobs');
    }
    if (job !== null) {
      void panel.model.show(job, tab === 'log');
    }
    this._show(panel);
  }

  async openSweep(project: string, sweep: string, tab?: string): Promise<void> {
    const { client, models, view } = this._options;
    const { changes, colours } = models;
    const { SweepPanel } = await this._load();
    let panel = this._sweeps.find(other => other.model.id === sweep);
    if (!panel) {
      const options = { ...view, client, changes, colours, project, sweep };
      panel = new SweepPanel({ ...options, tab: tab ?? null });
      panel.state.changed.connect(() => void this._sweeps.save(panel!));
      this._add(panel, this._sweeps);
    } else if (tab) {
      panel.state.setTab(tab);
    }
    this._show(panel);
  }

  get table(): TablePage | null {
    return this._tables.currentWidget?.page ?? null;
  }

  async openTable(project: string, view?: string): Promise<void> {
    performance.mark('trackbook:table-opened');
    const { client, models, view: options, stateDB } = this._options;
    const { changes, colours, selection, listState } = models;
    const key = `trackbook:table:${project}`;
    const [state, { TablePanel }] = await Promise.all([
      stateDB?.fetch(key),
      this._loaded(() => import('../panel/tablePanel'))
    ]);
    let panel = this._tables.find(other => other.page.project === project);
    if (!panel) {
      panel = new TablePanel({
        ...options,
        client,
        changes,
        project,
        selection,
        colours,
        state: (state as unknown as ITableState | undefined) ?? null,
        onState: left => void stateDB?.save(key, left as never)
      });
      const { page } = panel;
      page.cursor.changed.connect(() => listState.setActive(page.cursor.run, project));
      this._add(panel, this._tables);
    }
    if (view !== undefined) {
      await panel.page.views.refresh();
      panel.page.views.open(view);
    }
    this._show(panel);
  }

  refreshSweep(sweep: string): void {
    void this._sweeps.find(other => other.model.id === sweep)?.model.refresh();
  }

  /** The pages about jobs are loaded when the first one is wanted. */
  private _load(): Promise<typeof jobPanels> {
    return this._loaded(() => import('../panel/jobPanels'));
  }

  /** A part that is loaded when it is wanted first. */
  private async _loaded<T>(load: () => Promise<T>): Promise<T> {
    try {
      return await load();
    } catch (error) {
      const { trans } = this._options.view;
      Notification.error(trans.__('The page could not be loaded; reload JupyterLab.'));
      throw error;
    }
  }

  private _add<T extends MainAreaWidget>(panel: T, tracker: WidgetTracker<T>): void {
    void tracker.add(panel);
    this._options.app.shell.add(panel, this._options.area);
  }

  private _show(panel: MainAreaWidget): void {
    const tabs = findTabs(panel);
    if (tabs) {
      tabs.currentWidget = panel;
    }
    this._options.app.shell.activateById(panel.id);
  }

  private readonly _runs = new WidgetTracker<RunPanel>({ namespace: 'trackbook-runs' });
  private readonly _comparisons = new WidgetTracker<ComparePanel>({
    namespace: 'trackbook-comparisons'
  });
  private readonly _queues = new WidgetTracker<JobsPanel>({ namespace: 'trackbook-jobs' });
  private readonly _sweeps = new WidgetTracker<SweepPanel>({ namespace: 'trackbook-sweeps' });
  private readonly _tables = new WidgetTracker<TablePanel>({ namespace: 'trackbook-tables' });
  private readonly _jobs = new WidgetTracker<JobPanel>({ namespace: 'trackbook-job-forms' });
}

namespace Pages {
  export interface IOptions {
    app: JupyterFrontEnd;
    client: IClient;
    models: IModels;
    view: IViewOptions;
    area: 'main' | 'down';
    findDocument: JobPanel.IOptions['findDocument'];
    restorer: ILayoutRestorer | null;
    stateDB: IStateDB | null;
  }
}

/** The tabs that a widget of Notebook's lower area is one of; its shell brings none of them to the front. */
function findTabs(widget: Widget): TabPanel | null {
  const panel = widget.parent?.parent;
  return panel instanceof TabPanel ? panel : null;
}

/** Colours Python as the notebook's editor does. */
function makeHighlighter(languages: IEditorLanguageRegistry | null): Highlighter | null {
  if (!languages) {
    return null;
  }
  return async (source, element) => {
    await languages.highlight(source, languages.findBest('python'), element);
  };
}
