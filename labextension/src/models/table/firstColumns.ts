import type { ITableColumn } from '../../client/table';
import { type IColumn, makeColumn, sparkColumn } from './columns';

/** How many parameters and metrics a table shows of itself. */
const PARAMS = 6;
const METRICS = 4;

/** What a table shows before anybody has chosen: who, how it stands, when, and the values that most runs have. */
export function firstColumns(known: readonly ITableColumn[]): IColumn[] {
  const most = (one: ITableColumn, other: ITableColumn) => other.count - one.count;
  const metrics = known
    .filter(({ kind, column }) => kind === 'metric' && !isSummary(column) && !isSystem(column))
    .sort(
      (one, other) => Number(other.goal !== null) - Number(one.goal !== null) || most(one, other)
    )
    .slice(0, METRICS);
  const params = known
    .filter(({ kind }) => kind === 'param')
    .sort(most)
    .slice(0, PARAMS);
  const curve = metrics.length ? metricKey(metrics[0].column) : null;
  return [
    makeColumn('number', { isPinned: true }),
    makeColumn('name', { isPinned: true, width: 150 }),
    makeColumn('status'),
    makeColumn('started'),
    makeColumn('duration', { width: 80 }),
    makeColumn('experiment'),
    ...(curve === null ? [] : [makeColumn(sparkColumn(curve))]),
    ...[...metrics, ...params].map(({ column }) => makeColumn(column))
  ];
}

/** The metric that a column shows: its key, with a context as it stands there. */
export function metricKey(column: string): string | null {
  const match = /^metrics\.(?:`([^`]+)`(\{.*\})?|([^`]+))$/.exec(column);
  return match ? (match[3] ?? `${match[1]}${match[2] ?? ''}`) : null;
}

/** The column of the lowest or highest value of a metric, by the column of its last one. */
export function summaryColumn(which: 'min' | 'max', column: string): string {
  return `${which}(${column})`;
}

export function isSummary(column: string): boolean {
  return /^(min|max)\(/.test(column);
}

function isSystem(column: string): boolean {
  return column.includes('system/');
}
