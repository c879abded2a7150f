import type { ITableColumn } from '../../client/table';

/** Whether a column holds numbers. */
export function isNumberColumn({ type }: ITableColumn): boolean {
  return type === 'number' || type === 'duration';
}

/** Whether a column can be an axis. */
export function isDrawable({ column }: ITableColumn): boolean {
  return !['id', 'name', 'notes'].includes(column);
}

export function isParam({ kind }: ITableColumn): boolean {
  return kind === 'param';
}

export function isMetric({ kind }: ITableColumn): boolean {
  return kind === 'metric';
}

/** The metric that says most: one with a goal before the others, then what most runs have. */
export function firstMetric(columns: readonly ITableColumn[], place = 0): ITableColumn | undefined {
  return columns
    .filter(isMetric)
    .sort((a, b) => Number(b.goal !== null) - Number(a.goal !== null) || b.count - a.count)[place];
}

/** A parameter that most runs have, a number before the others. */
export function firstParam(columns: readonly ITableColumn[], place = 0): ITableColumn | undefined {
  return params(columns)[place];
}

/** The parameters, those that most runs have first, and numbers before words. */
export function params(columns: readonly ITableColumn[]): ITableColumn[] {
  return columns
    .filter(isParam)
    .sort((a, b) => Number(isNumberColumn(b)) - Number(isNumberColumn(a)) || b.count - a.count);
}
