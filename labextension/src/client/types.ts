/**
 * What the server sends, under the names of `python/trackbook/domain`.
 *
 * Times are ISO 8601 UTC, durations seconds, sizes bytes. Numbers that can be NaN or infinite have been decoded
 * by the time anybody sees these values.
 */

import type { IReproduction, IReproductionMark, IReproductionOptions } from './reproduction';

export type RunStatus =
  'running' | 'finished' | 'failed' | 'killed' | 'aborted' | 'timed_out' | 'pruned' | 'lost';

export type SourceKind = 'notebook' | 'script' | 'console' | 'job';
export type ArtifactKind = 'file' | 'figure' | 'notebook' | 'model' | 'output' | 'log';
/** `aborted`: interrupted or cancelled; the last three end a job: its time or memory ran out, or its kernel died. */
export type CellStatus = 'running' | 'ok' | 'error' | 'aborted' | 'timed_out' | 'memory' | 'died';
export type JobStatus = 'queued' | 'running' | 'finished' | 'failed' | 'cancelled' | 'pruned';
/** A cell raised; the time ran out; the memory limit was passed; the kernel died; it did not start; the worker was lost. */
export type FailureCause = 'failed' | 'timed_out' | 'memory' | 'died' | 'not_started' | 'lost';
export type Goal = 'max' | 'min';
export type SnapshotMoment = 'start' | 'end';

/** A JSON value, as parameters are. */
export type JsonValue =
  null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/** A small map that tells apart series of one key, such as `{subset: "val"}`. */
export type MetricContext = Record<string, string>;

/** A folder with a store, as the server numbers them. `path` is a contents path. */
export interface IProject {
  id: string;
  name: string;
  path: string;
}

export interface IExperiment {
  name: string;
  runs: number;
  last_started: string | null;
}

/** Where a run came from. */
export interface ISource {
  kind: SourceKind;
  path: string | null;
  kernel_id: string | null;
  cell_id: string | null;
  message_id: string | null;
  job_id: string | null;
}

/** Why a run or a job failed. `cell` counts the notebook's cells from 1. */
export interface IRunError {
  ename: string;
  evalue: string;
  traceback: string[];
  cell: number | null;
  cell_id: string | null;
}

/**
 * A run as lists show it. `metrics`, `sparks` and `goals` go by one-line series names. `attempt` grows when the run
 * is resumed; a fork shares the history of the run `forked_from` up to the step `forked_step`. `reproduction` is the
 * verdict of the last time that it was run again.
 */
export interface IRun {
  id: string;
  number: number;
  experiment: string;
  name: string;
  status: RunStatus;
  started: string;
  ended: string | null;
  duration: number | null;
  active: number;
  user: string;
  host: string;
  source: ISource;
  parent_id: string | null;
  notes: string;
  tags: Record<string, string>;
  params: Record<string, JsonValue>;
  metrics: Record<string, number>;
  sparks: Record<string, number[]>;
  goals: Record<string, string>;
  error: IRunError | null;
  reason: string | null;
  trashed: boolean;
  revision: number;
  group: string | null;
  attempt: number;
  forked_from: string | null;
  forked_step: number | null;
  reproduction: IReproductionMark | null;
}

/** One stretch of a run, by one process. */
export interface IAttempt {
  number: number;
  started: string;
  ended: string | null;
  status: RunStatus;
  host: string;
  reason: string | null;
}

/** A window of a list of runs. `revision` counts the project's changes. */
export interface IRunPage {
  total: number;
  revision: number;
  runs: IRun[];
}

export interface IParamRevision {
  key: string;
  value: JsonValue;
  at: string;
  cell_id: string | null;
}

/** One series of a run, without its points. */
export interface ISeriesSummary {
  key: string;
  context: MetricContext;
  count: number;
  last: number;
  last_step: number;
  min: number | null;
  max: number | null;
  spark: number[];
  goal: Goal | null;
  unit: string | null;
}

/** Points of one series as columns; `times` in microseconds since the epoch. */
export interface ISeries {
  run_id: string;
  key: string;
  context: MetricContext;
  steps: number[];
  times: number[];
  values: number[];
  total: number;
}

export interface IArtifact {
  path: string;
  digest: string;
  size: number;
  media_type: string;
  kind: ArtifactKind;
  created: string;
  cell_id: string | null;
}

export interface ICellError {
  ename: string;
  evalue: string;
  traceback: string[];
}

/**
 * One execution of one cell. `order` counts the run's executions from 1, `count` is In[n]. `cpu` is processor time,
 * `memory` the most that the kernel and its processes had meanwhile; null where they were not measured.
 */
export interface ICellExecution {
  order: number;
  cell_id: string | null;
  count: number | null;
  source_digest: string;
  started: string;
  duration: number | null;
  status: CellStatus;
  outputs: string[];
  truncated: boolean;
  error: ICellError | null;
  reads: string[];
  writes: string[];
  cpu: number | null;
  memory: number | null;
}

/** An execution with its source and its outputs, as notebooks hold them. */
export interface ICellContent {
  execution: ICellExecution;
  source: string;
  outputs: JsonValue[];
}

export interface IGit {
  commit: string;
  branch: string | null;
  dirty: boolean;
  remote: string | null;
  diff: string | null;
  diff_size: number | null;
  diff_cut: boolean;
}

/** A package that is installed from a folder, and the state of that folder's own git. */
export interface IEditable {
  path: string;
  commit: string | null;
  dirty: boolean | null;
}

export interface ILockFile {
  path: string;
  digest: string;
  size: number;
}

export interface IEnvironment {
  python: string;
  platform: string;
  executable: string;
  packages: Record<string, string>;
  hardware: Record<string, string | number>;
  git: IGit | null;
  editable: Record<string, IEditable>;
  lock: ILockFile | null;
  variables: Record<string, string>;
}

export interface IModule {
  name: string;
  path: string;
  digest: string;
  size: number;
}

export interface ISnapshotInfo {
  moment: SnapshotMoment;
  origin: 'document' | 'file' | 'job';
  digest: string;
  taken: string;
}

/** What the disk refused of a run: records, or contents of files, between two moments. */
export interface ILoss {
  count: number;
  first: string;
  last: string;
}

export type DataKind = 'file' | 'folder' | 'table' | 'database' | 'other';
export type DataRole = 'train' | 'validation' | 'test';

export interface IColumn {
  name: string;
  type: string;
}

/** One version of some data that a run used; equal digests are one version, whatever the place. */
export interface IDataInput {
  name: string;
  place: string;
  kind: DataKind;
  origin: 'declared' | 'observed';
  digest: string | null;
  size: number | null;
  role: DataRole | null;
  reader: string | null;
  rows: number | null;
  columns: IColumn[] | null;
  files: number | null;
  manifest: string | null;
  changed: boolean;
  problem: string | null;
}

export interface IUsedData {
  data: IDataInput;
  at: string;
  cell_id: string | null;
}

export type RichKind =
  | 'vector'
  | 'histogram'
  | 'image'
  | 'figure'
  | 'audio'
  | 'video'
  | 'html'
  | 'table'
  | 'text'
  | 'json'
  | 'confusion_matrix'
  | 'roc'
  | 'pr'
  | 'calibration';

/** A logged value with a content of its own; `meta` is what a list shows without it. */
export interface IRichValue {
  key: string;
  step: number;
  kind: RichKind;
  digest: string;
  size: number;
  media_type: string;
  context: MetricContext;
  meta: Record<string, JsonValue>;
}

export interface ILoggedValue {
  value: IRichValue;
  at: string;
  cell_id: string | null;
}

/** A seed that was set for some libraries. */
export interface ISeed {
  seed: number;
  libraries: string[];
  at: string;
  cell_id: string | null;
}

/** What looked like a secret and was masked before it was stored. */
export interface IMaskedSecret {
  kind: string;
  place: string;
  count: number;
}

/** Everything about one run except points, blobs and snapshots themselves. */
export interface IRunDetail {
  run: IRun;
  series: ISeriesSummary[];
  revisions: IParamRevision[];
  artifacts: IArtifact[];
  cells: ICellExecution[];
  environment: IEnvironment | null;
  modules: IModule[];
  snapshots: ISnapshotInfo[];
  children: string[];
  attempts: IAttempt[];
  forks: string[];
  losses: ILoss[];
  data: IUsedData[];
  values: ILoggedValue[];
  seeds: ISeed[];
  secrets: IMaskedSecret[];
  reproduction: IReproduction | null;
}

/**
 * What a job runs. `timeout` is for the whole job, `cell_timeout` for each cell, `memory` for the kernel and its
 * processes. After a failure among `retry_on` it is begun again, each time after twice as long as before.
 * `reproduction` tells that it repeats a run. `files` go along with it, by their digests.
 */
export interface IJobSpec {
  notebook: string;
  path: string;
  folder: string;
  params: Record<string, JsonValue>;
  experiment: string;
  run_id: string;
  kernel: string | null;
  sweep_id: string | null;
  parent_id: string | null;
  timeout: number | null;
  tags: Record<string, string>;
  cell_timeout: number | null;
  memory: number | null;
  retries: number;
  retry_delay: number;
  retry_on: FailureCause[];
  reproduction: IReproductionOptions | null;
  executor: 'local' | 'dask';
  files: Record<string, string>;
  /** The place of the job in a sweep; null, or left out, for one that belongs to none. */
  trial?: ITrial | null;
  /** The run that the job goes on from. */
  resumes?: string | null;
  /** Whether copies of the kernel's state are kept at the borders of cells. */
  snapshots?: boolean;
}

/** Which trial of a sweep a job is. */
export interface ITrial {
  number: number;
  sweep: string;
}

/** An attempt at a job, which has ended; `not_run` holds the ids of the code cells that never ran. */
export interface IJobAttempt {
  number: number;
  run_id: string;
  outcome: FailureCause | 'finished' | 'cancelled';
  started: string;
  ended: string;
  error: IRunError | null;
  not_run: string[];
  memory: number | null;
  cpu: number | null;
}

/**
 * A job and its state; cell `cell` of `cells` is being run. `attempt` is the number of the present or last attempt,
 * `attempts` holds those that have ended; one that waits to be begun again does so until `not_before`. `position` counts
 * the jobs that wait from 1, the next one first; `waiting` says what a job waits for, where that is more than its turn.
 */
export interface IJob {
  id: string;
  spec: IJobSpec;
  status: JobStatus;
  submitted: string;
  started: string | null;
  ended: string | null;
  worker: string | null;
  cell: number;
  cells: number;
  error: IRunError | null;
  cause: FailureCause | null;
  attempt: number;
  attempts: IJobAttempt[];
  not_before: string | null;
  position?: number | null;
  waiting?: string | null;
}
