import type { IObjective, ISweep, ISweepDetail, ISweepTrial } from '../client/sweeps';
import type { JsonValue } from '../client/types';

export type Trials = readonly ISweepTrial[];

/** What trials are ordered by: `trial`, `status`, `duration`, `value:0`, or `param:NAME`. */
export interface ITrialOrder {
  column: string;
  isReverse: boolean;
}

/** A value of an objective that is a number; null for none yet. */
export function valueOf(trial: ISweepTrial, objective: number): number | null {
  const value = trial.values[objective] ?? null;
  return value !== null && Number.isFinite(value) ? value : null;
}

/** Tell whether a value is better than another one. */
export function isBetter(value: number, other: number, { direction }: IObjective): boolean {
  return direction === 'max' ? value > other : value < other;
}

/** A point of the curve of the best value: after which trial, and what it was then. */
export interface IBestPoint {
  trial: number;
  value: number;
  best: number;
}

/** The values of an objective by trial, and the best one until then; of the trials that finished. */
export function bestSoFar(sweep: ISweepDetail, objective: number): IBestPoint[] {
  const points: IBestPoint[] = [];
  let best: number | null = null;
  for (const trial of [...sweep.runs].sort((a, b) => a.trial - b.trial)) {
    const value = trial.status === 'finished' ? valueOf(trial, objective) : null;
    if (value !== null) {
      best = best === null || isBetter(value, best, sweep.objectives[objective]) ? value : best;
      points.push({ trial: trial.trial, value, best });
    }
  }
  return points;
}

/** The trials in an order; those without a value come last, whichever way round it is. */
export function sortTrials(sweep: ISweepDetail, { column, isReverse }: ITrialOrder): Trials {
  const key = keyOf(column);
  const sign = isReverse ? -1 : 1;
  return [...sweep.runs].sort((a, b) => {
    const [left, right] = [key(a), key(b)];
    if (left === null || right === null) {
      return Number(left === null) - Number(right === null) || a.trial - b.trial;
    }
    return sign * compare(left, right) || a.trial - b.trial;
  });
}

type Key = number | string | null;

function keyOf(column: string): (trial: ISweepTrial) => Key {
  const [kind, name] = [column.split(':', 1)[0], column.slice(column.indexOf(':') + 1)];
  switch (kind) {
    case 'param':
      return trial => textOf(trial.params[name] ?? null);
    case 'value':
      return trial => valueOf(trial, Number(name));
    case 'duration':
      return trial => trial.duration;
    case 'status':
      return trial => trial.status;
    default:
      return trial => trial.trial;
  }
}

function textOf(value: JsonValue): Key {
  return typeof value === 'number' || typeof value === 'string' || value === null
    ? value
    : JSON.stringify(value);
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') {
    return a - b;
  }
  return String(a).localeCompare(String(b), undefined, { numeric: true });
}

/** The parameters that a sweep varies, the most important ones first where that is known. */
export function sweptNames({ space, importance }: ISweep): string[] {
  const names = Object.keys(space);
  return importance ? names.sort((a, b) => (importance[b] ?? 0) - (importance[a] ?? 0)) : names;
}

/** An axis of a picture: where a value lies, from 0 to 1, and what stands at its ends. */
export interface IAxis {
  name: string;
  place(value: JsonValue | undefined): number | null;
  low: string;
  high: string;
}

/** An axis of what trials have there: numbers by size (by its logarithm with `isLog`), all else in order of appearance. */
export function makeAxis(
  name: string,
  values: readonly (JsonValue | undefined)[],
  isLog: boolean,
  format: (value: JsonValue) => string
): IAxis {
  const known = values.filter((value): value is JsonValue => value !== undefined && value !== null);
  const numbers = known.filter((value): value is number => typeof value === 'number');
  if (numbers.length === known.length && numbers.length) {
    const [low, high] = [
      numbers.reduce((a, b) => Math.min(a, b)),
      numbers.reduce((a, b) => Math.max(a, b))
    ];
    const scale = isLog && low > 0 ? Math.log : (value: number) => value;
    const span = scale(high) - scale(low);
    return {
      name,
      place: value =>
        typeof value !== 'number' || !Number.isFinite(value)
          ? null
          : span === 0
            ? 0.5
            : (scale(value) - scale(low)) / span,
      low: format(low),
      high: format(high)
    };
  }
  const texts = [...new Set(known.map(format))].sort((a, b) =>
    a.localeCompare(b, undefined, { numeric: true })
  );
  return {
    name,
    place: value => {
      const at = value === undefined || value === null ? -1 : texts.indexOf(format(value));
      return at < 0 ? null : texts.length === 1 ? 0.5 : at / (texts.length - 1);
    },
    low: texts[0] ?? '',
    high: texts[texts.length - 1] ?? ''
  };
}
