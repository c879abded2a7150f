import { toNumber } from './numbers';
import type { CellStatus, Goal, JsonValue, RunStatus } from './types';

/** A run as the head of a comparison's column. */
export interface IComparedRun {
  id: string;
  number: number;
  name: string;
  experiment: string;
  status: RunStatus;
}

/** One row: a value for each run, in the order of the runs; null where a run lacks it. */
export interface IComparedValue {
  key: string;
  values: JsonValue[];
  differs: boolean;
}

/** One metric's last values; `key` is the one-line name of its series. */
export interface IComparedMetric {
  key: string;
  values: (number | null)[];
  goal: Goal | null;
  differs: boolean;
}

/** The last execution of one cell in each run. */
export interface IComparedCell {
  cell_id: string | null;
  sources: (string | null)[];
  status: (CellStatus | null)[];
  orders: (number | null)[];
  differs: boolean;
}

/** What differs between runs; with the rows that don't, where all were asked for. */
export interface IComparison {
  runs: IComparedRun[];
  params: IComparedValue[];
  metrics: IComparedMetric[];
  tags: IComparedValue[];
  environment: IComparedValue[];
  packages: IComparedValue[];
  cells: IComparedCell[];
}

/** Return the comparison with its metrics as numbers. */
export function decodeComparison(comparison: IComparison): IComparison {
  const metrics = comparison.metrics.map(row => ({
    ...row,
    values: row.values.map(value => (value === null ? null : toNumber(value)))
  }));
  return { ...comparison, metrics };
}

/** Return the places of the best values of a row; none without a goal, or if there is nothing to choose. */
export function bestIn(row: IComparedMetric): Set<number> {
  const places = new Set<number>();
  const numbers = row.values.filter((value): value is number => value !== null && !isNaN(value));
  if (row.goal === null || numbers.length < 2 || new Set(numbers).size < 2) {
    return places;
  }
  const best = row.goal === 'max' ? Math.max(...numbers) : Math.min(...numbers);
  row.values.forEach((value, place) => {
    if (value === best) {
      places.add(place);
    }
  });
  return places;
}
