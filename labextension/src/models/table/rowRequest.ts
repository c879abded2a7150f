import type { IGroupValue, ITablePage, ITableRequest } from '../../client/table';
import type { JsonValue } from '../../client/types';
import type { IRunScope } from '../runQuery';
import { sparkKey } from './columns';
import { splitOrder } from './order';

/** A run in the table: its values in the order of `fields`, and its curves by metric. */
export interface ITableRow {
  readonly id: string;
  readonly fields: ReadonlyMap<string, number>;
  readonly values: readonly JsonValue[];
  readonly sparks: Readonly<Record<string, readonly number[] | null>>;
}

/** What the table itself needs of each run. */
const OWN = ['number', 'name', 'status', 'started'];

/** The value of a run in a column; undefined where it was not asked for. */
export function valueOf(row: ITableRow, column: string): JsonValue | undefined {
  const place = row.fields.get(column);
  return place === undefined ? undefined : row.values[place];
}

/** What to ask of the server for columns of the table. */
export function requestOf(
  columns: readonly string[],
  scope: IRunScope,
  order: string,
  group: readonly IGroupValue[] = []
): ITableRequest {
  const sparks = columns.map(sparkKey).filter(key => key !== null);
  const fields = columns.filter(column => sparkKey(column) === null);
  return {
    scope,
    order_by: order,
    columns: [...new Set([...OWN, ...fields])],
    sparks: [...new Set(sparks)],
    group: [...group]
  };
}

/** The rows of an answer. */
export function rowsOf(request: ITableRequest, page: ITablePage): ITableRow[] {
  const fields = new Map((request.columns ?? []).map((column, place) => [column, place]));
  const keys = request.sparks ?? [];
  return page.ids.map((id, index) => ({
    id,
    fields,
    values: page.columns.map(values => values[index]),
    sparks: Object.fromEntries(keys.map((key, place) => [key, page.sparks[place]?.[index] ?? null]))
  }));
}

/** The scope with one more condition. An order at the end of the search is left out: the table has its own. */
export function withCondition(scope: IRunScope, condition: string): IRunScope {
  const query = splitOrder(scope.query).condition;
  return { ...scope, query: query ? `(${query}) and ${condition}` : condition };
}

/** The condition that a run is one of these. */
export function isOneOf(ids: readonly string[]): string {
  return `id in (${ids.map(id => `'${id}'`).join(', ')})`;
}
