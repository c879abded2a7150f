import type { Goal, IRun, JsonValue } from '../client/types';
import { seriesKey } from '../format';

/** The goal of a series of a run; null when nobody said one. */
export function goalOf(run: IRun, series: string): Goal | null {
  const goal = run.goals[series] ?? run.goals[seriesKey(series)];
  return goal === 'max' || goal === 'min' ? goal : null;
}

/** The series that a line about the run shows: the first with a goal, else the first. */
export function headlineSeries(run: IRun): string | null {
  const names = Object.keys(run.metrics);
  const order = Object.keys(run.goals);
  for (const key of order) {
    const match = names.find(name => name === key) ?? names.find(name => seriesKey(name) === key);
    if (match !== undefined) {
      return match;
    }
  }
  return names[0] ?? null;
}

/** A parameter that has another value than in an earlier run. */
export interface IParamChange {
  key: string;
  /** undefined: the earlier run had no such parameter. */
  before: JsonValue | undefined;
  /** undefined: this run has no such parameter. */
  after: JsonValue | undefined;
}

/** What changed from the earlier run to this one, in the order of the parameters. */
export function changedParams(run: IRun, earlier: IRun): IParamChange[] {
  const keys = new Set([...Object.keys(run.params), ...Object.keys(earlier.params)]);
  const changes: IParamChange[] = [];
  for (const key of keys) {
    const before = earlier.params[key];
    const after = run.params[key];
    if (JSON.stringify(before) !== JSON.stringify(after)) {
      changes.push({ key, before, after });
    }
  }
  return changes;
}
