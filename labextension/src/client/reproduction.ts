/** Runs that were run again, and what stands in the way, under the names of `python/trackbook/domain`. */

export type ReproductionVerdict = 'reproduced' | 'differs' | 'failed' | 'not_comparable';
export type CheckKind = 'metric' | 'output' | 'artifact' | 'value' | 'status';
export type CheckStatus = 'holds' | 'differs' | 'missing' | 'extra' | 'not_compared';
export type DeviationKind =
  | 'data'
  | 'package'
  | 'python'
  | 'platform'
  | 'git'
  | 'module'
  | 'seed'
  | 'kernel'
  | 'cell'
  | 'param';

/** The last verdict on a run, as lists show it; `run_id` is the run that repeated it, which may be deleted. */
export interface IReproductionMark {
  verdict: ReproductionVerdict;
  at: string;
  run_id: string;
}

/** One result of a run, held against that of its reproduction; `order` is that of the execution in the first run. */
export interface ICheck {
  kind: CheckKind;
  name: string;
  status: CheckStatus;
  message: string;
  expected: string;
  actual: string;
  order: number | null;
}

/** Something that was not as it was when the run was recorded. */
export interface IDeviation {
  kind: DeviationKind;
  name: string;
  message: string;
  expected: string;
  actual: string;
}

/**
 * That a run was run again, and how its results compare. `checks` lists what does not hold, and each metric; `compared`
 * and `held` count all results by their kind.
 */
export interface IReproduction extends IReproductionMark {
  reason: string;
  tolerance: number;
  environment: boolean;
  compared: Partial<Record<CheckKind, number>>;
  held: Partial<Record<CheckKind, number>>;
  checks: ICheck[];
  deviations: IDeviation[];
}

/** How a run is run again: what a job that repeats one knows of it. */
export interface IReproductionOptions {
  run_id: string;
  tolerance: number | null;
  environment: boolean;
  allow_changed_data: boolean;
  ignore: string[];
}

/** What is asked for when a run is to be run again. */
export interface IReproduce {
  tolerance?: number;
  environment?: boolean;
  allow_changed_data?: boolean;
  ignore?: readonly string[];
  /** In seconds, for the whole notebook. */
  timeout?: number;
}

/** One thing that stands in the way of repeating a run; `order` is the execution that it is about. */
export interface IObstacle {
  code: string;
  severity: 'error' | 'warning' | 'note';
  message: string;
  help: string;
  order: number | null;
  names: string[];
}

/** What stands in the way of repeating a run, the gravest first. */
export interface IDiagnosis {
  run_id: string;
  obstacles: IObstacle[];
}
