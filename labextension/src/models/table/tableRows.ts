import type { ApiError } from '../../client/errors';
import type { IRunGroup } from '../../client/table';
import { Observable } from '../observable';
import type { GroupLayout } from './groupLayout';
import { groupKey, OpenGroups } from './openGroups';
import { type ITableRow, valueOf } from './rowRequest';
import { BLOCK, type Load, Windowed } from './windowed';

/** What stands in a row of the table. */
export type Entry =
  | { readonly kind: 'run'; readonly row: ITableRow; readonly isInGroup: boolean }
  | { readonly kind: 'group'; readonly group: IRunGroup; readonly isOpen: boolean };

/** The rows of the table as far as they are known: runs, or groups with the runs of open ones between them. */
export class TableRows extends Observable {
  constructor() {
    super();
    this._runs.changed.connect(this._onRows, this);
    this._groups.changed.connect(this._onRows, this);
  }

  /** How many rows there are. */
  get count(): number {
    return this._isGrouped ? this._layout.total : this._runs.total;
  }

  /** How many groups there are, or how many runs. */
  get total(): number {
    return this._list.total;
  }

  /** Whether the present question was answered. */
  get isReady(): boolean {
    return this._list.isReady;
  }

  get error(): ApiError | null {
    return this._list.error;
  }

  /** What stands at a row; null while that isn't known. */
  at(index: number): Entry | null {
    if (!this._isGrouped) {
      const row = this._runs.at(index);
      return row ? { kind: 'run', row, isInGroup: false } : null;
    }
    const place = this._layout.at(index);
    const group = this._groups.at(place.group);
    if (!group) {
      return null;
    }
    const key = groupKey(group);
    if (place.row < 0) {
      return { kind: 'group', group, isOpen: this._open.has(key) };
    }
    const row = this._open.rows(key)?.at(place.row);
    return row ? { kind: 'run', row, isInGroup: true } : null;
  }

  /** The row in which a run stands; -1 where that isn't known. */
  indexOf(id: string): number {
    if (!this._isGrouped) {
      return this._runs.indexOf(id);
    }
    for (const [index, entry] of this._seen()) {
      if (entry.kind === 'run' && entry.row.id === id) {
        return index;
      }
    }
    return -1;
  }

  /** The row of the group that a row belongs to; -1 where there are no groups. */
  groupRowOf(index: number): number {
    return this._isGrouped ? this._layout.rowOf(this._layout.at(index).group) : -1;
  }

  /** Whether a run in sight goes on. */
  get hasRunning(): boolean {
    for (const [, entry] of this._seen()) {
      if (entry.kind === 'run' && valueOf(entry.row, 'status') === 'running') {
        return true;
      }
    }
    return false;
  }

  /** The runs that can be seen, and those that came with them. */
  *near(): Iterable<ITableRow> {
    const { first, last } = this._window;
    if (!this._isGrouped) {
      const from = Math.floor(first / BLOCK) * BLOCK;
      yield* this._runs.known(from, (Math.floor(last / BLOCK) + 1) * BLOCK - 1);
      return;
    }
    for (const [, entry] of this._seen()) {
      if (entry.kind === 'run') {
        yield entry.row;
      }
    }
  }

  /** Say which rows can be seen. */
  setWindow(first: number, last: number): void {
    this._window = { first, last };
    if (!this._isGrouped) {
      this._runs.setWindow(first, last);
      return;
    }
    const [top, bottom] = [this._layout.at(first), this._layout.at(last)];
    this._groups.setWindow(top.group, bottom.group);
    for (let index = top.group; index <= bottom.group; index += 1) {
      const group = this._groups.at(index);
      const rows = group && this._open.rows(groupKey(group));
      if (rows) {
        const head = this._layout.rowOf(index);
        rows.setWindow(Math.max(0, first - head - 1), Math.max(0, last - head - 1));
      }
    }
  }

  /** Open a group, or close it; without `on`, the reverse of what it is. Returns whether there was one. */
  toggleGroup(index: number, load: (key: string) => Load<ITableRow>, on?: boolean): boolean {
    const entry = this.at(index);
    if (entry?.kind !== 'group' || on === entry.isOpen) {
      return false;
    }
    const key = groupKey(entry.group);
    if (entry.isOpen) {
      this._open.close(key);
    } else {
      this._open.open(entry.group, load(key));
    }
    this._onRows();
    return true;
  }

  /** Ask for runs. */
  askRuns(load: Load<ITableRow>, isKept: boolean): void {
    this._isGrouped = false;
    this._runs.ask(load, isKept);
  }

  /** Ask for groups, and for the runs of those that are open. */
  askGroups(
    load: Load<IRunGroup>,
    loadGroup: (key: string) => Load<ITableRow>,
    isKept: boolean
  ): void {
    this._isGrouped = true;
    this._groups.ask(load, isKept);
    this._open.ask(loadGroup);
  }

  closeGroups(): void {
    this._open.clear();
  }

  /** Ask the same again, where the window is; with `isDeep` for the runs in open groups, too. */
  reload(isDeep = false): void {
    this._list.reload();
    if (isDeep && this._isGrouped) {
      for (const rows of this._open.all) {
        rows.reload();
      }
    }
  }

  /** Forget runs out of sight that are out of date. */
  forget(isStale: (row: ITableRow) => boolean): void {
    this._runs.forget(isStale);
    for (const rows of this._open.all) {
      rows.forget(isStale);
    }
  }

  /** Put newer states of runs in their places. */
  patch(rows: readonly ITableRow[]): void {
    this._runs.patch(rows);
    for (const open of this._open.all) {
      open.patch(rows);
    }
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._runs.dispose();
      this._groups.dispose();
      this._open.clear();
      super.dispose();
    }
  }

  private get _list(): Windowed<ITableRow> | Windowed<IRunGroup> {
    return this._isGrouped ? this._groups : this._runs;
  }

  private *_seen(): Iterable<[number, Entry]> {
    const { first, last } = this._window;
    for (let index = first; index <= last && index < this.count; index += 1) {
      const entry = this.at(index);
      if (entry) {
        yield [index, entry];
      }
    }
  }

  private _onRows(): void {
    if (this._isGrouped) {
      this._layout = this._open.layout(this._groups.total, key => this._groups.indexOf(key));
      this.setWindow(this._window.first, this._window.last);
    }
    this.emitChanged();
  }

  private readonly _runs = new Windowed<ITableRow>(row => row.id);
  private readonly _groups = new Windowed<IRunGroup>(groupKey);
  private readonly _open = new OpenGroups(() => this._onRows());
  private _layout: GroupLayout = this._open.layout(0, () => -1);
  private _isGrouped = false;
  private _window = { first: 0, last: 60 };
}
