import type { JsonValue } from '../../client/types';
import type { IRunScope } from '../runQuery';
import { type IColumn, makeColumn, type NumberFormat } from './columns';
import type { ISortKey } from './order';

/** What is shown of the numbers of a group. */
export type Aggregation = 'mean' | 'min' | 'max' | 'std' | 'count';

export const AGGREGATIONS: readonly Aggregation[] = ['mean', 'min', 'max', 'std', 'count'];

/** How many columns runs are grouped by at most. */
export const MAX_GROUPING = 3;

/** All that a saved view of the table holds: which runs, how they are shown. */
export interface ITableSpec extends IRunScope {
  readonly columns: readonly IColumn[];
  readonly sort: readonly ISortKey[];
  readonly groupBy: readonly string[];
  readonly aggregation: Aggregation;
}

export const EMPTY_SPEC: ITableSpec = {
  query: '',
  notebook: null,
  experiment: null,
  trashed: false,
  columns: [],
  sort: [],
  groupBy: [],
  aggregation: 'mean'
};

/** The specification as JSON, under the names that the REST API has for the same. */
export function specToJson(spec: ITableSpec): Record<string, JsonValue> {
  return {
    ...scopeOf(spec),
    columns: spec.columns.map(({ column, width, isPinned, format }) => ({
      column,
      width,
      pinned: isPinned,
      format
    })),
    order_by: spec.sort.map(({ column, isReverse }) => ({ column, desc: isReverse })),
    group_by: [...spec.groupBy],
    aggregation: spec.aggregation
  };
}

/** The specification that JSON holds; what can't be read is left out, so that an old or edited view opens, too. */
export function specFromJson(content: unknown): ITableSpec {
  const given = isRecord(content) ? content : {};
  const columns = listOf(given.columns).flatMap(item => {
    if (!isRecord(item) || typeof item.column !== 'string' || !item.column) {
      return [];
    }
    return [
      makeColumn(item.column, {
        ...(typeof item.width === 'number' && item.width > 0 ? { width: item.width } : {}),
        isPinned: item.pinned === true,
        format: typeof item.format === 'string' ? (item.format as NumberFormat) : null
      })
    ];
  });
  const sort = listOf(given.order_by).flatMap(item =>
    isRecord(item) && typeof item.column === 'string'
      ? [{ column: item.column, isReverse: item.desc === true }]
      : []
  );
  const aggregation = AGGREGATIONS.find(name => name === given.aggregation) ?? 'mean';
  return {
    query: textOf(given.query) ?? '',
    notebook: textOf(given.notebook),
    experiment: textOf(given.experiment),
    trashed: given.trashed === true,
    columns: [...new Map(columns.map(item => [item.column, item])).values()],
    sort,
    groupBy: listOf(given.group_by)
      .filter((item): item is string => typeof item === 'string')
      .slice(0, MAX_GROUPING),
    aggregation
  };
}

/** Which runs a specification is about. */
export function scopeOf({ query, notebook, experiment, trashed }: IRunScope): IRunScope {
  return { query, notebook, experiment, trashed };
}

/** Whether two specifications show the same. */
export function isSameSpec(one: ITableSpec, other: ITableSpec): boolean {
  return JSON.stringify(specToJson(one)) === JSON.stringify(specToJson(other));
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
