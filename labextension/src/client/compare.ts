import { toNumber } from './numbers';
import type { CellStatus, Goal, JsonValue, RunStatus } from './types';

/** A run as the head of a comparison's column. */
export interface IComparedRun {
  id: string;
  number: number;
  name: string;
  experiment: string;
  status: RunStatus;
  started: string | null;
  /** In seconds. */
  duration: number | null;
  notebook: string | null;
  trashed: boolean;
  /** Whether it has a snapshot of its notebook. */
  snapshot: boolean;
  forked_from: string | null;
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
  /** The change from the first run's value. */
  absolute: (number | null)[];
  /** That by the size of the first value. */
  relative: (number | null)[];
  /** Whether it is for the better, by the goal. */
  better: (boolean | null)[];
}

/** The last execution of one cell in each run. */
export interface IComparedCell {
  cell_id: string | null;
  sources: (string | null)[];
  status: (CellStatus | null)[];
  orders: (number | null)[];
  differs: boolean;
}

/** A column of a table that another version has otherwise; null where there is none. */
export interface IColumnChange {
  name: string;
  before: string | null;
  after: string | null;
}

/** Which version of some data a run used. */
export interface IDataVersion {
  place: string;
  kind: string;
  digest: string | null;
  size: number | null;
  rows: number | null;
  role: string | null;
  files: number | null;
  /** How its columns differ from those of the first run that used it. */
  columns: IColumnChange[];
}

export interface IComparedData {
  key: string;
  versions: (IDataVersion | null)[];
  differs: boolean;
}

/** A file by its path; null where a run has none. */
export interface IComparedFile {
  key: string;
  files: ({ digest: string; size: number; media_type: string | null } | null)[];
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
  facts: IComparedValue[];
  variables: IComparedValue[];
  seeds: IComparedValue[];
  data: IComparedData[];
  modules: IComparedFile[];
  artifacts: IComparedFile[];
}

/** Return the comparison with its metrics as numbers. */
export function decodeComparison(comparison: IComparison): IComparison {
  const metrics = comparison.metrics.map(row => ({
    ...row,
    values: row.values.map(numberOf),
    absolute: row.absolute.map(numberOf),
    relative: row.relative.map(numberOf)
  }));
  return { ...comparison, metrics };
}

function numberOf(value: number | null): number | null {
  return value === null ? null : toNumber(value);
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
