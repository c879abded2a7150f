import type { IRunScope } from '../models/runQuery';
import { toNumber } from './numbers';
import type { Goal, JsonValue } from './types';

/** Which runs a chart is over: these, or all that match. */
export type IRunTarget = { readonly runs: readonly string[] } | { readonly scope: IRunScope };

/** Values of runs as columns: `columns[i]` holds those of the i-th column that was asked for, in the order of `ids`. */
export interface IFrame {
  /** How many runs there are; `ids` holds fewer where it is a sample. */
  total: number;
  sampled: boolean;
  ids: string[];
  columns: JsonValue[][];
}

/** How the importance of parameters is worked out. */
export type Evaluator = 'ped_anova' | 'fanova' | 'mdi';

/** How much each parameter decides, the most important first; `reason` says why nothing can be told. */
export interface IImportance {
  importance: { param: string; value: number }[];
  runs: number;
  /** Of which values it was asked what makes them. */
  goal: Goal;
  reason: string | null;
}

export type CorrelationMethod = 'pearson' | 'spearman';

/** The correlation of each column with each; null where it can't be told. `counts` are the runs that have both. */
export interface ICorrelation {
  columns: string[];
  matrix: (number | null)[][];
  counts: number[][];
}

/** A value of a frame as a number; null for what is none. */
export function numberOf(value: JsonValue | undefined): number | null {
  if (typeof value === 'number') {
    return value;
  }
  if (typeof value === 'boolean') {
    return Number(value);
  }
  const isNumberText = value === 'NaN' || value === 'Infinity' || value === '-Infinity';
  return isNumberText ? toNumber(value) : null;
}
