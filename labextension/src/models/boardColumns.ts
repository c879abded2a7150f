import { type ApiError, toApiError } from '../client/errors';
import type { ITableClient, ITableColumn } from '../client/table';
import type { IChange, IChanges } from './changes';
import { FollowingModel } from './following';

/** The columns that a project's runs have, for pickers; renewed at leisure while runs bring new ones. */
export class BoardColumns extends FollowingModel {
  constructor(options: BoardColumns.IOptions) {
    super(options.changes, options.project, options.limit ?? 15_000);
    this._client = options.client;
    void this.refresh();
  }

  /** The columns; null until they are known. */
  get columns(): readonly ITableColumn[] | null {
    return this._columns;
  }

  get error(): ApiError | null {
    return this._error;
  }

  override async refresh(): Promise<void> {
    try {
      const { columns } = await this._client.columns(this.project);
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

  protected override onChange(_: IChange): void {
    if (this._columns?.length) {
      this.refreshSoon();
    } else {
      // The first runs of a project are drawn as soon as they are there.
      void this.refresh();
    }
  }

  private readonly _client: Pick<ITableClient, 'columns'>;
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
