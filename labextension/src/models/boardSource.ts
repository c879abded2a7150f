import type { IDisposable } from '@lumino/disposable';
import { Throttler } from '@lumino/polling';

import type { IRunTarget } from '../client/board';
import type { IChange, IChanges } from './changes';
import { Observable } from './observable';
import type { RunQueryModel } from './runQuery';
import type { SelectionModel } from './selection';

/** More runs than these are no selection to draw one by one: the server takes them no longer by their ids. */
export const MOST_SELECTED = 1000;

/** Which runs a board's charts are over: the selected ones, or all that match where none is. */
export class BoardSource extends Observable {
  constructor(options: BoardSource.IOptions) {
    super();
    const { query, selection, changes, project } = options;
    this._query = query;
    this._selection = selection;
    this._changes = changes;
    this._project = project;
    this._watch = changes.watch(project);
    this._throttle = new Throttler(
      () => {
        this._revision += 1;
        this.emitChanged();
      },
      { limit: options.limit ?? 2000, edge: 'trailing' }
    );
    query.changed.connect(this._onAsked, this);
    selection.changed.connect(this._onAsked, this);
    changes.changed.connect(this._onChange, this);
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

  override dispose(): void {
    if (!this.isDisposed) {
      this._query.changed.disconnect(this._onAsked, this);
      this._selection.changed.disconnect(this._onAsked, this);
      this._changes.changed.disconnect(this._onChange, this);
      this._watch.dispose();
      this._throttle.dispose();
      super.dispose();
    }
  }

  private _selected(): IRunTarget {
    return { runs: this._selection.ids.slice(0, MOST_SELECTED) };
  }

  private _onAsked(): void {
    this.emitChanged();
  }

  private _onChange(_: unknown, change: IChange): void {
    const ids = this._selection.ids;
    const concerns =
      !change.runs || !this.isSelection || change.runs.some(run => ids.includes(run.id));
    if (change.project === this._project && concerns && change.runs?.length !== 0) {
      void this._throttle.invoke().catch(() => undefined);
    }
  }

  private readonly _query: RunQueryModel;
  private readonly _selection: SelectionModel;
  private readonly _changes: IChanges;
  private readonly _project: string;
  private readonly _watch: IDisposable;
  private readonly _throttle: Throttler;
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
