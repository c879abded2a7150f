import type { IGroupValue, IRunGroup, ITableClient } from '../../client/table';
import type { IChanges } from '../changes';
import type { IRunScope } from '../runQuery';
import { sparkKey } from './columns';
import type { ISortKey } from './order';
import { isOneOf, type ITableRow, requestOf, rowsOf, withCondition } from './rowRequest';
import type { Aggregation } from './tableSpec';
import type { Load } from './windowed';

/** Asks the server for rows and groups of a table. */
export class TableLoads {
  constructor(
    private readonly _client: Pick<ITableClient, 'window' | 'groups'>,
    private readonly _project: string,
    private readonly _changes: IChanges,
    /** The scope at the time of each request. */
    private readonly _scope: () => IRunScope
  ) {}

  /** How many runs the groups hold together, and of which columns they have numbers. */
  get groups(): { runs: number; columns: readonly string[] } {
    return this._groups;
  }

  /** Rows with these columns, of one group if that is named. */
  rows(
    columns: readonly string[],
    order: string,
    group: readonly IGroupValue[] = []
  ): Load<ITableRow> {
    return async (offset, limit, signal) => {
      const request = requestOf(columns, this._scope(), order, group);
      const page = await this._client.window(this._project, { ...request, offset, limit }, signal);
      this._changes.met(this._project, page.revision);
      return { total: page.total, items: rowsOf(request, page) };
    };
  }

  /** Groups with the numbers of these columns. */
  groupsBy(groupBy: readonly string[], columns: readonly string[], order: string): Load<IRunGroup> {
    const fields = columns.filter(column => sparkKey(column) === null);
    return async (offset, limit, signal) => {
      const request = { scope: this._scope(), group_by: groupBy, columns: fields, order_by: order };
      const page = await this._client.groups(this._project, { ...request, offset, limit }, signal);
      this._changes.met(this._project, page.revision);
      this._groups = { runs: page.runs, columns: fields };
      return { total: page.total, items: page.groups };
    };
  }

  /** These runs as they are now; those that don't match any longer are left out. */
  async these(
    ids: readonly string[],
    columns: readonly string[],
    scope: IRunScope
  ): Promise<ITableRow[]> {
    const request = requestOf(columns, withCondition(scope, isOneOf(ids)), '');
    const page = await this._client.window(this._project, { ...request, limit: ids.length });
    return rowsOf(request, page);
  }

  private _groups: { runs: number; columns: readonly string[] } = { runs: 0, columns: [] };
}

/** Groups are sorted by what they have: their values, their size, and the numbers that are shown of them. */
export function groupOrder(
  keys: readonly ISortKey[],
  groupBy: readonly string[],
  aggregation: Aggregation,
  hasNumbers: (column: string) => boolean
): string {
  const isPlain = (column: string) => column === 'count' || groupBy.includes(column);
  return keys
    .filter(({ column }) => isPlain(column) || hasNumbers(column))
    .map(({ column, isReverse }) => {
      const name = isPlain(column) ? column : `${aggregation} of ${column}`;
      return isReverse ? `${name} desc` : name;
    })
    .join(', ');
}
