import type { IRunTarget } from '../client/board';
import type { IChange, IChanges } from './changes';
import { concerns, FollowingModel } from './following';
import type { RunQueryModel } from './runQuery';
import type { SelectionModel } from './selection';

/** More runs than these are no selection to draw one by one: the server takes them no longer by their ids. */
export const MOST_SELECTED = 1000;

/** Which runs a board's charts are over: the selected ones, or all that match where none is. */
export class BoardSource extends FollowingModel {
  constructor(options: BoardSource.IOptions) {
    const { query, selection } = options;
    super(options.changes, options.project, options.limit ?? 2000);
    this._query = query;
    this._selection = selection;
    query.changed.connect(this._onAsked, this);
    selection.changed.connect(this._onAsked, this);
  }

  /** What charts draw. */
  get target(): IRunTarget {
    return this.isSelection ? this._selected() : { scope: this._query.narrowed };
  }

  /** The runs without what was brushed away, for charts in which one brushes. */
  get wide(): IRunTarget {
    return this.isSelection ? this._selected() : { scope: this._query.scope };
  }

  /** Whether the charts are over selected runs. */
  get isSelection(): boolean {
    return !this._isWhole && this._selection.size > 0;
  }

  /** How many runs are selected. */
  get selected(): number {
    return this._selection.size;
  }

  /** Whether selected runs are marked among all that match, and not drawn alone. */
  get isWhole(): boolean {
    return this._isWhole;
  }

  setWhole(isWhole: boolean): void {
    if (isWhole !== this._isWhole) {
      this._isWhole = isWhole;
      this.emitChanged();
    }
  }

  /** Grows when runs changed, so that what was loaded is loaded anew. */
  get revision(): number {
    return this._revision;
  }

  override refresh(): Promise<void> {
    this._revision += 1;
    this.emitChanged();
    return Promise.resolve();
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._query.changed.disconnect(this._onAsked, this);
      this._selection.changed.disconnect(this._onAsked, this);
      super.dispose();
    }
  }

  private _selected(): IRunTarget {
    return { runs: this._selection.ids.slice(0, MOST_SELECTED) };
  }

  private _onAsked(): void {
    this.emitChanged();
  }

  protected override onChange(change: IChange): void {
    const isMeant = !this.isSelection || concerns(change, this._selection.ids);
    if (isMeant && change.runs?.length !== 0) {
      this.refreshSoon();
    }
  }

  private readonly _query: RunQueryModel;
  private readonly _selection: SelectionModel;
  private _isWhole = false;
  private _revision = 0;
}

export namespace BoardSource {
  export interface IOptions {
    query: RunQueryModel;
    selection: SelectionModel;
    changes: IChanges;
    project: string;
    /** How often charts are drawn anew at most while runs live, in ms. */
    limit?: number;
  }
}
