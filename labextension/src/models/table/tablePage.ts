import { toApiError } from '../../client/errors';
import type { ITableClient } from '../../client/table';
import type { IClient } from '../../client/tokens';
import type { IChanges } from '../changes';
import type { ColoursModel } from '../colours';
import { Observable } from '../observable';
import { RunQueryModel } from '../runQuery';
import type { SelectionModel } from '../selection';
import { CellEditing, type TableField } from './cellEditing';
import { tagKey } from './columns';
import type { CopyFormat } from './copyText';
import { QueryBox } from './queryBox';
import { TableCursor } from './tableCursor';
import { TableModel } from './tableModel';
import { type ITaken, TableSelection } from './tableSelection';
import { type ITableSpec, scopeOf } from './tableSpec';
import { TableViews } from './tableViews';

/** What the page tells the user after something was done. */
export type Notice =
  | ({ readonly kind: 'selected' } & ITaken)
  | ({ readonly kind: 'copied'; readonly isGroups: boolean } & ITaken)
  | { readonly kind: 'full' }
  | { readonly kind: 'error'; readonly message: string };

/** Where the charts stand beside the table, if anywhere. */
export type ChartsPlace = 'right' | 'below' | 'hidden';

/** The run table of a project with all that belongs to it: search, selection, cursor, what is edited, saved views. */
export class TablePage extends Observable {
  constructor(options: TablePage.IOptions) {
    super();
    const { changes, project, selection, spec } = options;
    const client = options.client.runTable;
    this.project = project;
    this.colours = options.colours;
    this._charts = options.charts ?? 'hidden';
    this.query = new RunQueryModel(spec ? scopeOf(spec) : {});
    this.table = new TableModel({ client, changes, project, query: this.query, spec });
    this.box = new QueryBox(client, this.table);
    this.views = new TableViews(client, this.table, options.view);
    this.picks = new TableSelection(client, this.table, selection);
    this.editing = new CellEditing(options.client, project, id => void this.table.renew([id]));
    this.table.changed.connect(this._followRun, this);
  }

  readonly project: string;
  readonly colours: ColoursModel;
  readonly query: RunQueryModel;
  readonly table: TableModel;
  readonly box: QueryBox;
  readonly views: TableViews;
  readonly picks: TableSelection;
  readonly editing: CellEditing;
  readonly cursor = new TableCursor();

  get selection(): SelectionModel {
    return this.picks.selection;
  }

  /** Where the charts are. */
  get charts(): ChartsPlace {
    return this._charts;
  }

  placeCharts(place: ChartsPlace): void {
    if (place !== this._charts) {
      this._charts = place;
      this.emitChanged();
    }
  }

  /** What there is to tell; null for nothing. */
  get notice(): Notice | null {
    return this._notice;
  }

  /** Grows when somebody asks for the search. */
  get searchRequests(): number {
    return this._searchRequests;
  }

  focusSearch(): void {
    this._searchRequests += 1;
    this.emitChanged();
  }

  /** The column that a menu was opened on; null for none. */
  get pointed(): string | null {
    return this._pointed;
  }

  point(column: string | null): void {
    this._pointed = column;
  }

  /** Whether the mouse is over the table, and whether its head is in sight: new rows come in where neither is disturbed. */
  setWatch(isPointed: boolean, isAtHead: boolean): void {
    this.table.setFollowing(isAtHead && !isPointed && this.editing.current === null);
  }

  /** Go to a cell. */
  go(row: number, column = this.cursor.column, isRange = false): void {
    const entry = row < 0 ? null : this.table.at(row);
    this.cursor.go(row, column, entry?.kind === 'run' ? entry.row.id : null, isRange);
  }

  /** Select what stands in a row, or take it out. */
  async toggle(row: number): Promise<void> {
    await this._taken(() => this.picks.toggle(row));
  }

  /** Select from where the range began to a row. */
  async selectTo(row: number, isAdded: boolean): Promise<void> {
    await this._taken(() => this.picks.range(this.cursor.anchor, row, isAdded));
  }

  /** Select all that match. */
  async selectAll(): Promise<void> {
    await this._taken(() => this.picks.all());
  }

  /** The selected runs, or else the groups or all runs that match, as text; null, and the reason told, where they did not come. */
  async copy(format: CopyFormat): Promise<string | null> {
    try {
      const { text, ...copied } = await this.picks.copy(format);
      this._tell({ kind: 'copied', ...copied });
      return text;
    } catch (error) {
      this._tell({ kind: 'error', message: toApiError(error).message });
      return null;
    }
  }

  /** Show a column, or tell that there is no room. */
  addColumn(column: string): void {
    this._tell(this.table.columns.add(column) ? null : { kind: 'full' });
  }

  /** Edit what stands in a column of a run; false where that can't be edited. */
  edit(run: string, column: string): boolean {
    const field = fieldOf(column);
    if (field) {
      void this.editing.begin(run, field);
    }
    return field !== null;
  }

  dismiss(): void {
    this._tell(null);
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this.box.dispose();
      this.views.dispose();
      this.editing.dispose();
      this.cursor.dispose();
      this.table.dispose();
      this.query.dispose();
      super.dispose();
    }
  }

  private async _taken(work: () => Promise<ITaken | null>): Promise<void> {
    try {
      const taken = await work();
      this._tell(taken && taken.taken < taken.of ? { kind: 'selected', ...taken } : null);
    } catch (error) {
      this._tell({ kind: 'error', message: toApiError(error).message });
    }
  }

  private _tell(notice: Notice | null): void {
    if (notice !== this._notice) {
      this._notice = notice;
      this.emitChanged();
    }
  }

  /** The cursor stays at its run when rows come in above it. */
  private _followRun(): void {
    const { row, column, run } = this.cursor;
    if (run !== null) {
      const index = this.table.indexOf(run);
      if (index >= 0 && index !== row) {
        this.cursor.go(index, column, run);
      }
    } else if (row >= 0) {
      this.go(row, column, true);
    }
  }

  private _charts: ChartsPlace;
  private _notice: Notice | null = null;
  private _pointed: string | null = null;
  private _searchRequests = 0;
}

export namespace TablePage {
  export type Client = Pick<IClient, 'run' | 'editRun'> & { readonly runTable: ITableClient };

  export interface IOptions {
    client: TablePage.Client;
    changes: IChanges;
    project: string;
    selection: SelectionModel;
    colours: ColoursModel;
    /** How the table was left; null for a new one. */
    spec: ITableSpec | null;
    charts?: ChartsPlace;
    /** The id of the saved view that it began with. */
    view: string | null;
  }
}

/** What is edited when the cell of a column is. */
export function fieldOf(column: string): TableField | null {
  if (column === 'name' || column === 'notes') {
    return { kind: column };
  }
  const key = tagKey(column);
  return key === null ? null : { kind: 'tag', key };
}
