import { MainAreaWidget, Notification } from '@jupyterlab/apputils';
import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import { SplitPanel, type Widget } from '@lumino/widgets';
import * as React from 'react';

import type { IClient } from '../client/tokens';
import type { JsonValue } from '../client/types';
import { TableView } from '../components/table/TableView';
import { tableIcon } from '../icons';
import type { IChanges } from '../models/changes';
import type { ColoursModel } from '../models/colours';
import { ExperimentsModel } from '../models/experiments';
import { FixedProject } from '../models/fixedProject';
import type { SelectionModel } from '../models/selection';
import { type ChartsPlace, TablePage } from '../models/table/tablePage';
import { specFromJson, specToJson } from '../models/table/tableSpec';
import { type IViewOptions, ViewWidget } from './viewWidget';

/** How long to wait, in ms, until what the user changed is remembered. */
const REMEMBER = 300;

/** How wide the page is, in px, where charts have room beside the table. */
const SIDE_BY_SIDE = 560;

/** How a table was left: its columns, its search, the view that it began with, where its charts are. */
export interface ITableState {
  readonly spec: Record<string, JsonValue>;
  readonly view: string | null;
  readonly charts: ChartsPlace;
}

/** The run table of a project, with charts beside it, as a tab of the main area. */
export class TablePanel extends MainAreaWidget<SplitPanel> {
  constructor(options: TablePanel.IOptions) {
    const { client, changes, project, selection, colours, state, trans } = options;
    const page = new TablePage({
      client,
      changes,
      project,
      selection,
      colours,
      spec: state ? specFromJson(state.spec) : null,
      view: state?.view ?? null,
      charts: state?.charts
    });
    const experiments = new ExperimentsModel({
      client,
      changes,
      project: new FixedProject(project)
    });
    const content = new SplitPanel({ orientation: 'vertical', spacing: 4 });
    super({ content });
    content.addWidget(
      new ViewWidget(options, () => (
        <TableView page={page} experiments={experiments} client={client.runTable} />
      ))
    );
    this._options = options;
    this.page = page;
    this._experiments = experiments;
    this._remember = new Debouncer(() => options.onState(this._state()), REMEMBER);
    this.id = `trackbook-table-${project}`;
    this.addClass('trackbook-MainArea');
    this.addClass('trackbook-TablePanel');
    this.toolbar.hide();
    this.title.icon = tableIcon;
    this.title.closable = true;
    this.title.label = trans.__('Compare runs');
    this.title.caption = trans.__('The runs of the project as a table');
    for (const model of [page, page.table, page.table.columns, page.query, page.views]) {
      model.changed.connect(this._onChange, this);
    }
    page.changed.connect(this._placeCharts, this);
    this._placeCharts();
  }

  readonly page: TablePage;

  override dispose(): void {
    if (!this.isDisposed) {
      this._remember.dispose();
      this._board?.state.dispose();
      this.page.dispose();
      this._experiments.dispose();
      super.dispose();
    }
  }

  protected override onResize(message: Widget.ResizeMessage): void {
    super.onResize(message);
    this._turn();
  }

  private _state(): ITableState {
    const { table, views, charts } = this.page;
    return { spec: specToJson(table.spec), view: views.currentId, charts };
  }

  private _onChange(): void {
    // A table without columns has not come yet; there is nothing of it to remember.
    if (!this.isDisposed && this.page.table.columns.columns.length) {
      const text = JSON.stringify(this._state());
      if (text !== this._known) {
        this._known = text;
        void this._remember.invoke().catch(() => undefined);
      }
    }
  }

  /** Put the charts where the user wants them; they are loaded when they are wanted first. */
  private _placeCharts(): void {
    const { charts } = this.page;
    this._turn();
    if (charts === 'hidden') {
      this._board?.widget.hide();
      return;
    }
    this._board?.widget.show();
    if (!this._isLoading && !this._board) {
      this._isLoading = true;
      void this._loadBoard();
    }
  }

  /** Where there is no room for both side by side, the charts come below. */
  private _turn(): void {
    const isWide = !this.isVisible || this.node.offsetWidth >= SIDE_BY_SIDE;
    const isBeside = this.page.charts === 'right' && isWide;
    this.content.orientation = isBeside ? 'horizontal' : 'vertical';
  }

  private async _loadBoard(): Promise<void> {
    const { client, changes, project, selection, colours, trans } = this._options;
    const { query } = this.page;
    try {
      const { Board, BoardState } = await import('./boardPart');
      if (this.isDisposed) {
        return;
      }
      const common = { client, changes, project, query, selection };
      const state = new BoardState(common);
      const widget = new ViewWidget(this._options, () => (
        <Board {...common} colours={colours} boardState={state} />
      ));
      this._board = { state, widget };
      this.content.addWidget(widget);
      this.content.setRelativeSizes([1, 1]);
      widget.setHidden(this.page.charts === 'hidden');
    } catch {
      this._isLoading = false;
      this.page.placeCharts('hidden');
      Notification.error(trans.__('The charts could not be loaded; reload JupyterLab.'));
    }
  }

  private readonly _options: TablePanel.IOptions;
  private _board: { state: IDisposable; widget: ViewWidget } | null = null;
  private _isLoading = false;
  private readonly _experiments: ExperimentsModel;
  private readonly _remember: Debouncer;
  private _known = '';
}

export namespace TablePanel {
  export interface IOptions extends IViewOptions {
    client: IClient;
    changes: IChanges;
    project: string;
    selection: SelectionModel;
    colours: ColoursModel;
    /** How the table was left; null for the first time. */
    state: ITableState | null;
    /** What the user changed is to be remembered. */
    onState(state: ITableState): void;
  }
}
