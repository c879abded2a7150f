/** Sweeps and their trials, under the names of `python/trackbook/domain`. */

import { mapValues, toNumber } from './numbers';
import type { Goal, JobStatus, JsonValue, RunStatus } from './types';

export type SweepStatus = 'queued' | RunStatus;
export type Sampler = 'grid' | 'random' | 'tpe' | 'cmaes' | 'nsga2';
export type Pruner = 'none' | 'median' | 'percentile' | 'hyperband' | 'asha' | 'threshold';

/** What a sweep looks for: the greatest or least last value of a metric; without a direction, as the metric's goal says. */
export interface IObjective {
  metric: string;
  direction: Goal | null;
}

/** Values between two ends, both of them included; equally likely by size, or by order of size with `log`. */
export interface IRange {
  low: number;
  high: number;
  log?: boolean;
  step?: number;
}

/** What a parameter may be in a sweep that is asked for: one of these values, or any of a range. */
export type Space = readonly JsonValue[] | IRange;

/** What a parameter may be in a sweep: one of `values`, or a number of the range; what is left out isn't said. */
export interface IDimension {
  kind: 'choices' | 'int' | 'float';
  values?: JsonValue[];
  low?: number;
  high?: number;
  log?: boolean;
  step?: number;
}

/** How many trials there are to be, and in which state those are that were begun. */
export interface ITrialCounts {
  total: number;
  finished: number;
  failed: number;
  pruned: number;
  cancelled: number;
  running: number;
  queued: number;
}

/** The best trial; `value` is that of the first objective. */
export interface IBestTrial {
  run: string;
  number: number;
  params: Record<string, JsonValue>;
  value: number | null;
  values: (number | null)[];
}

/** What stops trials that promise little. */
export interface IPruner {
  name: Pruner;
  options: Record<string, number>;
}

/** A sweep as lists show it. `run` is the run that is the parent of its trials' runs, `number` that run's. */
export interface ISweep {
  id: string;
  run: string;
  number: number | null;
  notebook: string;
  experiment: string;
  status: SweepStatus;
  sampler: Sampler;
  trials: ITrialCounts;
  best: IBestTrial | null;
  objectives: IObjective[];
  space: Record<string, IDimension>;
  params: Record<string, JsonValue>;
  seed: number;
  pruner: IPruner;
  parallel: number;
  started: string | null;
  ended: string | null;
  reason: string | null;
  /** How much of the first objective each parameter decides, in parts of 1; null where that isn't known. */
  importance: Record<string, number> | null;
}

/**
 * One trial: the values that it was given, and what came of them, in the order of the objectives. `number` is that of its
 * run. `best` marks the best one; of several objectives, those that no other one beats in all of them.
 */
export interface ISweepTrial {
  trial: number;
  job: string;
  run: string;
  number: number | null;
  params: Record<string, JsonValue>;
  values: (number | null)[];
  status: JobStatus;
  duration: number | null;
  cell: number;
  cells: number;
  best: boolean;
  /** A short line of each objective so far; empty where there is none. */
  sparks: number[][];
}

/** A sweep with all of its trials. */
export interface ISweepDetail extends ISweep {
  runs: ISweepTrial[];
}

/** A sweep to start. */
export interface ISweepRequest {
  notebook: string;
  params: Readonly<Record<string, JsonValue>>;
  space: Readonly<Record<string, Space>>;
  sampler: Sampler;
  objectives: readonly IObjective[];
  /** How many at most; a grid has as many as it has combinations. */
  trials?: number;
  pruner?: Pruner;
  seed?: number;
  experiment?: string;
  /** In seconds, for each trial. */
  timeout?: number;
  /** How many trials run at the same time. */
  jobs?: number;
  share_prefix?: boolean;
  snapshots?: boolean;
}

/** What the trials of a sweep would share. */
export interface ISharingQuestion {
  notebook: string;
  params: Readonly<Record<string, JsonValue>>;
  space: Readonly<Record<string, Space>>;
}

/**
 * The cells that run once for all trials. `summary` is a sentence that says, too, why the next cell is none of them;
 * `cell` counts the notebook's cells from 1, `source` is a cell's first line.
 */
export interface ISharing {
  summary: string;
  cells: { cell: number; source: string }[];
  /** What one should know of shared cells, in sentences. */
  remarks: string[];
}

/** Tell whether what a parameter may be is a range. */
export function isRange(space: Space): space is IRange {
  return !Array.isArray(space);
}

/** Return the sweep with its values as numbers. */
export function decodeSweep<T extends ISweep>(sweep: T): T {
  const { best, importance } = sweep;
  return {
    ...sweep,
    best: best && {
      ...best,
      value: best.value === null ? null : toNumber(best.value),
      values: toValues(best.values)
    },
    importance: importance && mapValues(importance, toNumber)
  };
}

/** Return the sweep with the values of all of its trials as numbers. */
export function decodeSweepDetail(sweep: ISweepDetail): ISweepDetail {
  const runs = sweep.runs.map(trial => ({
    ...trial,
    values: toValues(trial.values),
    sparks: trial.sparks.map(line => line.map(toNumber))
  }));
  return { ...decodeSweep(sweep), runs };
}

function toValues(values: readonly (number | null)[]): (number | null)[] {
  return values.map(value => (value === null ? null : toNumber(value)));
}
