import type { IDisposable } from '@lumino/disposable';
import { Throttler } from '@lumino/polling';

import { type ApiError, toApiError } from '../client/errors';
import type { ITableClient, ITableColumn } from '../client/table';
import type { IChange, IChanges } from './changes';
import { Observable } from './observable';

/** The columns that a project's runs have, for pickers; renewed at leisure while runs bring new ones. */
export class BoardColumns extends Observable {
  constructor(options: BoardColumns.IOptions) {
    super();
    this._client = options.client;
    this._changes = options.changes;
    this._project = options.project;
    this._watch = this._changes.watch(this._project);
    this._throttle = new Throttler(() => this.refresh(), {
      limit: options.limit ?? 15_000,
      edge: 'trailing'
    });
    this._changes.changed.connect(this._onChange, this);
    void this.refresh();
  }

  /** The columns; null until they are known. */
  get columns(): readonly ITableColumn[] | null {
    return this._columns;
  }

  get error(): ApiError | null {
    return this._error;
  }

  async refresh(): Promise<void> {
    try {
      const { columns } = await this._client.columns(this._project);
      const isOther = JSON.stringify(columns) !== JSON.stringify(this._columns);
      if (isOther || this._error) {
        this._columns = columns;
        this._error = null;
        this.emitChanged();
      }
    } catch (error) {
      this._error = toApiError(error);
      this.emitChanged();
    }
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._changes.changed.disconnect(this._onChange, this);
      this._watch.dispose();
      this._throttle.dispose();
      super.dispose();
    }
  }

  private _onChange(_: unknown, change: IChange): void {
    if (change.project === this._project) {
      // The first runs of a project are drawn as soon as they are there.
      void (this._columns?.length ? this._throttle.invoke() : this.refresh()).catch(
        () => undefined
      );
    }
  }

  private readonly _client: Pick<ITableClient, 'columns'>;
  private readonly _changes: IChanges;
  private readonly _project: string;
  private readonly _watch: IDisposable;
  private readonly _throttle: Throttler;
  private _columns: readonly ITableColumn[] | null = null;
  private _error: ApiError | null = null;
}

export namespace BoardColumns {
  export interface IOptions {
    client: Pick<ITableClient, 'columns'>;
    changes: IChanges;
    project: string;
    /** How often to ask at most while runs live, in ms. */
    limit?: number;
  }
}
