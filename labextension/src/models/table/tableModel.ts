import type { ApiError } from '../../client/errors';
import type { IRunGroup, ITableClient, ITableColumn } from '../../client/table';
import type { IChanges } from '../changes';
import { Observable } from '../observable';
import type { IRunScope, RunQueryModel } from '../runQuery';
import { ColumnsModel, type IColumn } from './columns';
import { firstColumns } from './firstColumns';
import { KnownColumns } from './knownColumns';
import { groupValues } from './openGroups';
import { type ISortKey, orderText, parseOrder, splitOrder } from './order';
import type { ITableRow } from './rowRequest';
import { groupOrder, TableLoads } from './tableLoads';
import { TableNews } from './tableNews';
import { type Entry, TableRows } from './tableRows';
import { type Aggregation, EMPTY_SPEC, type ITableSpec, MAX_GROUPING, scopeOf } from './tableSpec';
import type { Load } from './windowed';

/** Why the server was asked, which is told to whoever measures how long that took. */
export type Reason = 'opened' | 'sorted' | 'filtered' | 'grouped' | 'changed';

/**
 * The runs of a project as a table: which, in which order, with which columns, in which groups.
 *
 * Rows keep their places while runs go on: values change where they stand, and runs that began later than the table
 * was asked for are counted as `pending` until somebody wants to see them.
 */
export class TableModel extends Observable {
  constructor(options: TableModel.IOptions) {
    super();
    const { client, changes, project, query, pace } = options;
    const spec = options.spec ?? EMPTY_SPEC;
    this._client = client;
    this.project = project;
    this.query = query;
    this.columns = new ColumnsModel(spec.columns);
    this._sort = spec.sort;
    this._groupBy = spec.groupBy;
    this._aggregation = spec.aggregation;
    this._shown = this._columnNames();
    this._loads = new TableLoads(client, project, changes, () => this.shownScope);
    this._news = new TableNews({
      client,
      changes,
      project,
      pace,
      onChanged: ids => this._renew(ids),
      onPending: () => this._onPending()
    });
    this._rows.changed.connect(this.emitChanged, this);
    this.columns.changed.connect(this._onColumns, this);
    this.query.changed.connect(this._onQuery, this);
    void this._news.catchUp();
    if (this.columns.columns.length) {
      this._ask('opened');
      void this._loadKnown();
    } else {
      void this._loadKnown().then(() => this._ask('opened'));
    }
  }

  readonly project: string;
  /** Which runs; charts beside the table share it. */
  readonly query: RunQueryModel;
  readonly columns: ColumnsModel;

  /** All columns that there are; empty until the server has said so. */
  get known(): readonly ITableColumn[] {
    return this._known.all;
  }

  /** What is known of a column; undefined for arithmetic. */
  info(column: string): ITableColumn | undefined {
    return this._known.find(column);
  }

  get sort(): readonly ISortKey[] {
    return this._sort;
  }

  get groupBy(): readonly string[] {
    return this._groupBy;
  }

  get isGrouped(): boolean {
    return this._groupBy.length > 0;
  }

  get aggregation(): Aggregation {
    return this._aggregation;
  }

  /** All that a saved view holds. */
  get spec(): ITableSpec {
    return {
      ...this.query.scope,
      columns: this.columns.columns,
      sort: this._sort,
      groupBy: this._groupBy,
      aggregation: this._aggregation
    };
  }

  /** Show what a saved view holds. */
  apply(spec: ITableSpec): void {
    this._sort = spec.sort;
    this._groupBy = spec.groupBy;
    this._aggregation = spec.aggregation;
    this._rows.closeGroups();
    this._isApplying = true;
    this.columns.set(spec.columns.length ? spec.columns : firstColumns(this.known));
    this.query.set(scopeOf(spec));
    this._isApplying = false;
    this._shown = this._columnNames();
    this._ask('filtered');
  }

  setSort(sort: readonly ISortKey[]): void {
    if (orderText(sort) !== orderText(this._sort)) {
      this._sort = sort;
      this._ask('sorted');
    }
  }

  setGroupBy(columns: readonly string[]): void {
    const next = [...new Set(columns)].slice(0, MAX_GROUPING);
    if (next.join('\n') !== this._groupBy.join('\n')) {
      this._groupBy = next;
      this._rows.closeGroups();
      this._ask('grouped');
    }
  }

  setAggregation(aggregation: Aggregation): void {
    if (aggregation !== this._aggregation) {
      this._aggregation = aggregation;
      if (this.isGrouped && this._sort.length) {
        this._ask('sorted', true);
      }
      this.emitChanged();
    }
  }

  /** How many rows the table has. */
  get rowCount(): number {
    return this._rows.count;
  }

  /** How many runs match. */
  get total(): number {
    return this.isGrouped ? this._loads.groups.runs : this._rows.total;
  }

  get groupCount(): number {
    return this._rows.total;
  }

  /** Whether the present question was answered. */
  get isReady(): boolean {
    return this._rows.isReady;
  }

  /** Why the runs can't be shown as asked; what was there before stays. */
  get error(): ApiError | null {
    // Without columns there is nothing to ask for; with some, the table shows what it has.
    return (this.columns.columns.length ? null : this._known.error) ?? this._rows.error;
  }

  /** Counts the questions; with each, the table begins at its head. */
  get question(): number {
    return this._question;
  }

  /** Counts all questions, those that left the table where it stood included. */
  get asked(): number {
    return this._asked;
  }

  get reason(): Reason {
    return this._reason;
  }

  /** Whether a run in sight goes on. */
  get hasRunning(): boolean {
    return this._rows.hasRunning;
  }

  /** How many runs began since the table was asked for. */
  get pending(): number {
    return this._news.pending;
  }

  /** What stands at a row; null while that isn't known. */
  at(index: number): Entry | null {
    return this._rows.at(index);
  }

  /** The row in which a run stands; -1 where that isn't known. */
  indexOf(id: string): number {
    return this._rows.indexOf(id);
  }

  /** Say which rows can be seen. */
  setWindow(first: number, last: number): void {
    this._rows.setWindow(first, last);
  }

  /** Open a group, or close it; without `on`, the reverse of what it is. Returns whether there was one. */
  toggleGroup(index: number, on?: boolean): boolean {
    return this._rows.toggleGroup(index, key => this._loadGroup(key), on);
  }

  /** The row of the group that a run stands in. */
  groupRowOf(index: number): number {
    return this._rows.groupRowOf(index);
  }

  /** Let new runs come in by themselves: the user looks at the head and at nothing in particular. */
  setFollowing(isFollowing: boolean): void {
    const isNew = isFollowing && !this._isFollowing;
    this._isFollowing = isFollowing;
    if (isNew && this.pending) {
      this._onPending();
    }
  }

  /** Show the runs that were only counted. */
  showPending(): void {
    const isFirst = !this.rowCount;
    void this._news.catchUp();
    void this._loadKnown(isFirst).then(() => {
      if (isFirst) {
        this._ask(this._reason);
      }
    });
    if (!isFirst) {
      this._rows.reload();
    }
    this.emitChanged();
  }

  /** Ask the same again, where the table stands. */
  refresh(): void {
    if (!this.columns.columns.length) {
      void this._loadKnown().then(() => this._ask(this._reason, true));
      return;
    }
    this._rows.reload(true);
  }

  /** Ask for the newest state of runs, or of all that can be seen. */
  async renew(ids: readonly string[] | null = null): Promise<void> {
    this._news.note(ids);
    await this._news.flush();
  }

  /** The scope as it is shown: without the runs that began later. */
  get shownScope(): IRunScope {
    return this._news.without(this._plainScope);
  }

  /** The order as the server takes it. */
  get order(): string {
    return orderText(this._order);
  }

  /** The order of the groups as the server takes it. */
  get groupOrder(): string {
    return groupOrder(this._order, this._groupBy, this._aggregation, column =>
      this._isAggregated(column)
    );
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this.query.changed.disconnect(this._onQuery, this);
      this._news.dispose();
      this._rows.dispose();
      this.columns.dispose();
      super.dispose();
    }
  }

  private get _plainScope(): IRunScope {
    const { narrowed } = this.query;
    return { ...narrowed, query: splitOrder(narrowed.query).condition };
  }

  /** The order of the heads, else the one that the search says. */
  private get _order(): readonly ISortKey[] {
    return this._sort.length ? this._sort : parseOrder(splitOrder(this.query.scope.query).order);
  }

  private _columnNames(): string[] {
    return this.columns.columns.map(({ column }) => column);
  }

  private _ask(reason: Reason, isKept = false): void {
    if (!isKept) {
      this._question += 1;
    }
    this._asked += 1;
    this._reason = reason;
    this._news.reset();
    if (this.isGrouped) {
      const load = this._loads.groupsBy(this._groupBy, this._shown, this.groupOrder);
      this._rows.askGroups(load, key => this._loadGroup(key), isKept);
    } else {
      this._rows.askRuns(this._loads.rows(this._shown, this.order), isKept);
    }
    this.emitChanged();
    void this._news.count(this._plainScope);
  }

  private _loadGroup(key: string): Load<ITableRow> {
    const values = JSON.parse(key) as IRunGroup['values'];
    return this._loads.rows(this._shown, this.order, groupValues(this._groupBy, values));
  }

  private _isAggregated(column: string): boolean {
    return this._shown.includes(column) && this.isNumeric(column);
  }

  /** What of a group's numbers stands in a column. */
  aggregate(group: IRunGroup, column: string): IRunGroup['columns'][number] {
    return group.columns[this._loads.groups.columns.indexOf(column)] ?? null;
  }

  /** Whether a column holds numbers. */
  isNumeric(column: string): boolean {
    return this._known.isNumeric(column);
  }

  private _onColumns(): void {
    const names = this._columnNames();
    const isMore = names.some(name => !this._shown.includes(name));
    if (isMore && !this._isApplying) {
      this._shown = names;
      this._ask('changed', true);
    } else {
      this.emitChanged();
    }
  }

  private _onQuery(): void {
    if (!this._isApplying) {
      this._rows.closeGroups();
      this._ask('filtered');
    }
  }

  /** New runs come in by themselves only where they push nothing that somebody looks at. */
  private _onPending(): void {
    const isAtHead = this._isFollowing && !this._order.length && !this.isGrouped;
    if (this.pending && (isAtHead || !this.rowCount)) {
      this.showPending();
    } else {
      this.emitChanged();
    }
  }

  /** Bring what can be seen up to date, where it stands. */
  private async _renew(ids: ReadonlySet<string> | null): Promise<void> {
    if (ids === null || this.error) {
      this.refresh();
    } else {
      const isStale = (row: ITableRow) => ids.has(row.id);
      this._rows.forget(isStale);
      const seen = [...this._rows.near()].filter(isStale);
      if (seen.length) {
        await this._patch(seen.map(({ id }) => id));
      }
      if (this.isGrouped) {
        this._rows.reload();
      }
    }
    await this._news.count(this._plainScope);
  }

  private async _patch(ids: readonly string[]): Promise<void> {
    const question = this._question;
    try {
      const rows = await this._loads.these(ids, this._shown, this._plainScope);
      if (this.isDisposed || question !== this._question) {
        return;
      }
      this._rows.patch(rows);
      if (rows.length < ids.length) {
        this._rows.reload();
      }
    } catch {
      // The change that comes next, or the poll behind it, brings it about.
    }
  }

  /** Learn which columns there are. Those that nobody chose are chosen again with the first runs that there are. */
  private async _loadKnown(isFirst = false): Promise<void> {
    await this._known.load(this._client, this.project);
    const isOwn = this._own !== null && this.columns.columns === this._own;
    if (this.known.length && (!this.columns.columns.length || (isFirst && isOwn))) {
      this._isApplying = true;
      this.columns.set(firstColumns(this.known));
      this._isApplying = false;
      this._own = this.columns.columns;
      this._shown = this._columnNames();
    }
    this.emitChanged();
  }

  private readonly _client: TableModel.Client;
  private readonly _known = new KnownColumns();
  private readonly _loads: TableLoads;
  private readonly _news: TableNews;
  private readonly _rows = new TableRows();
  private _shown: readonly string[];
  /** The columns that the table chose by itself. */
  private _own: readonly IColumn[] | null = null;
  private _sort: readonly ISortKey[];
  private _groupBy: readonly string[];
  private _aggregation: Aggregation;
  private _question = 0;
  private _asked = 0;
  private _reason: Reason = 'opened';
  private _isFollowing = false;
  private _isApplying = false;
}

export namespace TableModel {
  export type Client = Pick<ITableClient, 'window' | 'groups' | 'columns'>;

  export interface IOptions {
    client: Client;
    changes: IChanges;
    project: string;
    query: RunQueryModel;
    spec?: ITableSpec | null;
    /** How often to ask at most what is new, in ms. */
    pace?: number;
  }
}
