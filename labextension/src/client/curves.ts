import type { IRunScope } from '../models/runQuery';
import { toNumber } from './numbers';
import type { JsonValue, MetricContext } from './types';

/** Which curves, over what, and in how many buckets; of `runs` or of those that a scope means. */
export interface ICurveQuery {
  keys: readonly string[];
  runs?: readonly string[];
  scope?: IRunScope;
  context?: MetricContext;
  /** `step`, `time`, `relative` or a metric such as `metrics.tokens`. */
  x?: string;
  from?: number;
  to?: number;
  scale?: 'linear' | 'log';
  max_points?: number;
  group_by?: string;
}

/** One curve as columns of equal length; see `python/trackbook/domain/curve.py`. */
export interface ICurve {
  /** Null for the mean of a group. */
  run_id: string | null;
  group: JsonValue;
  runs: number;
  key: string;
  context: MetricContext;
  x: readonly number[];
  values: readonly number[];
  /** Null where each row is a point. */
  min: readonly number[] | null;
  max: readonly number[] | null;
  std: readonly number[] | null;
  counts: readonly number[] | null;
  total: number;
}

/** What a run is called, beside its curves. */
export interface ICurveRun {
  id: string;
  number: number;
  experiment: string;
  name: string;
}

/** Curves at one moment; `total` counts all runs that are meant. */
export interface ICurvePage {
  revision: number;
  total: number;
  runs: readonly ICurveRun[];
  curves: readonly ICurve[];
}

/** Return the curves with all their columns as numbers. */
export function decodeCurves(page: ICurvePage): ICurvePage {
  return {
    ...page,
    curves: page.curves.map(curve => ({
      ...curve,
      values: toNumbers(curve.values),
      min: curve.min && toNumbers(curve.min),
      max: curve.max && toNumbers(curve.max),
      std: curve.std && toNumbers(curve.std)
    }))
  };
}

/** Long columns seldom hold a text that stands for a number: most need no copy. */
function toNumbers(values: readonly unknown[]): readonly number[] {
  return values.every(value => typeof value === 'number') ? values : values.map(toNumber);
}
