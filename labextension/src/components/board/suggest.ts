import type { IColumnInfo } from '../../client/board';

/** Whether a column holds numbers. */
export function isNumberColumn({ type }: IColumnInfo): boolean {
  return type === 'number' || type === 'duration';
}

/** Whether a column can be an axis. */
export function isDrawable({ column }: IColumnInfo): boolean {
  return !['id', 'name', 'notes'].includes(column);
}

export function isParam({ kind }: IColumnInfo): boolean {
  return kind === 'param';
}

export function isMetric({ kind }: IColumnInfo): boolean {
  return kind === 'metric';
}

/** The metric that says most: one with a goal before the others, then what most runs have. */
export function firstMetric(columns: readonly IColumnInfo[], place = 0): IColumnInfo | undefined {
  return columns
    .filter(isMetric)
    .sort((a, b) => Number(b.goal !== null) - Number(a.goal !== null) || b.count - a.count)[place];
}

/** A parameter that most runs have, a number before the others. */
export function firstParam(columns: readonly IColumnInfo[], place = 0): IColumnInfo | undefined {
  return params(columns)[place];
}

/** The parameters, those that most runs have first, and numbers before words. */
export function params(columns: readonly IColumnInfo[]): IColumnInfo[] {
  return columns
    .filter(isParam)
    .sort((a, b) => Number(isNumberColumn(b)) - Number(isNumberColumn(a)) || b.count - a.count);
}
