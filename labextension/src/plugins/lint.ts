import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { IClient } from '../client/tokens';
import { CommandIDs } from '../commandIds';
import { addProblemCommands } from '../commands/problemCommands';
import { CellBadges } from '../lint/badges';
import { thinNotebook } from '../lint/thin';
import { LintModel } from '../models/lint';
import { CountWidget } from '../panel/countWidget';
import { Freezer } from '../snapshots/freezer';
import { IModels } from '../tokens';
import { modelsPlugin } from './models';

/** Looks for what there is to mend in open notebooks: a mark on the cell, a count on the toolbar, a list beside. */
export const lintPlugin: JupyterFrontEndPlugin<void> = {
  id: 'trackbook:lint',
  description: 'Looks for problems in open notebooks.',
  autoStart: true,
  requires: [IClient, IModels, INotebookTracker],
  optional: [ISettingRegistry, IToolbarWidgetRegistry, ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    client: IClient,
    models: IModels,
    notebooks: INotebookTracker,
    settings: ISettingRegistry | null,
    toolbars: IToolbarWidgetRegistry | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('trackbook');
    const { commands } = app;
    const { problems } = models;
    const leftOut = trans.__(
      'The outputs are heavy: of large ones only the beginning of their text was looked at, and no size is told.'
    );
    const linted = new LintedNotebooks(app, client, leftOut);
    notebooks.forEach(panel => linted.of(panel));
    notebooks.widgetAdded.connect((_, panel) => {
      const model = linted.of(panel);
      const onOpen = (cell: string) => {
        // The list is that of the current notebook: this one becomes it.
        app.shell.activateById(panel.id);
        void commands.execute(CommandIDs.showProblems, { cell });
      };
      new CellBadges({ model, panel, trans, onOpen });
    });
    const follow = () => {
      const panel = notebooks.currentWidget;
      problems.follow(panel && linted.of(panel));
    };
    notebooks.currentChanged.connect(follow);
    follow();
    NotebookActions.executed.connect((_, { notebook }) => {
      const panel = notebooks.find(other => other.content === notebook);
      if (panel) {
        linted.of(panel).poke();
      }
    });
    toolbars?.addFactory<NotebookPanel>('Notebook', 'trackbook-problems', panel => {
      return new CountWidget({ trans, commands, model: linted.of(panel) });
    });
    addProblemCommands({ app, notebooks, problems, trans, lintOf: panel => linted.of(panel) });
    const category = trans.__('Trackbook');
    [
      CommandIDs.lintNotebook,
      CommandIDs.showProblems,
      CommandIDs.nextProblem,
      CommandIDs.previousProblem
    ].forEach(command => palette?.addItem({ command, category }));
    void followSettings(linted, settings);
  }
};

/** The lint models of the open notebooks, each as long as its notebook is open. */
class LintedNotebooks {
  constructor(
    private readonly _app: JupyterFrontEnd,
    private readonly _client: IClient,
    /** What is said where not all of the outputs was sent. */
    private readonly _leftOut: string
  ) {}

  /** The problems of an open notebook. */
  of(panel: NotebookPanel): LintModel {
    const known = this._models.get(panel);
    if (known) {
      return known;
    }
    const model = this._make(panel);
    this._models.set(panel, model);
    panel.disposed.connect(() => {
      this._models.delete(panel);
      model.dispose();
    });
    return model;
  }

  setLive(isLive: boolean): void {
    this._isLive = isLive;
    this._models.forEach((model, panel) => {
      model.isLive = isLive && panel.context.isReady;
    });
  }

  private _make(panel: NotebookPanel): LintModel {
    const { context } = panel;
    const { contents } = this._app.serviceManager;
    const shared = context.model.sharedModel;
    const freezer = new Freezer(shared);
    const model = new LintModel({
      client: this._client,
      notebook: () => {
        const { content, isThinned } = thinNotebook(freezer.freeze());
        return {
          path: contents.localPath(context.path),
          content,
          ids: shared.cells.map(cell => cell.id),
          unseen: isThinned ? [this._leftOut] : []
        };
      }
    });
    context.model.contentChanged.connect(() => model.poke());
    context.pathChanged.connect(() => model.poke());
    void context.ready.then(() => {
      model.isLive = this._isLive;
    });
    return model;
  }

  private readonly _models = new Map<NotebookPanel, LintModel>();
  // Until the settings are here nothing is sent.
  private _isLive = false;
}

async function followSettings(
  linted: LintedNotebooks,
  registry: ISettingRegistry | null
): Promise<void> {
  const settings = await registry?.load(modelsPlugin.id).catch(() => undefined);
  const read = () => linted.setLive(settings?.get('lint').composite !== false);
  settings?.changed.connect(read);
  read();
}
