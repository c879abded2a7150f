import { type ApiError, toApiError } from '../../client/errors';
import type { ITableClient, ITableColumn } from '../../client/table';

/** The columns that a project's runs have, as the server knows them. */
export class KnownColumns {
  /** Empty until the server has said so. */
  get all(): readonly ITableColumn[] {
    return this._all;
  }

  /** Why they are not known. */
  get error(): ApiError | null {
    return this._error;
  }

  /** What is known of a column; undefined for arithmetic. */
  find(column: string): ITableColumn | undefined {
    return this._byName.get(column);
  }

  /** Whether a column holds numbers. */
  isNumeric(column: string): boolean {
    const type = this._byName.get(column)?.type;
    if (type === undefined) {
      return !/^[A-Za-z_][\w.]*$/.test(column) || column.startsWith('metrics.');
    }
    return type === 'number' || type === 'duration';
  }

  async load(client: Pick<ITableClient, 'columns'>, project: string): Promise<void> {
    try {
      const { columns } = await client.columns(project);
      this._all = columns;
      this._byName = new Map(columns.map(info => [info.column, info]));
      this._error = null;
    } catch (error) {
      this._error = toApiError(error);
    }
  }

  private _all: readonly ITableColumn[] = [];
  private _byName: ReadonlyMap<string, ITableColumn> = new Map();
  private _error: ApiError | null = null;
}
