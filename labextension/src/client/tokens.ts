import type * as nbformat from '@jupyterlab/nbformat';
import type { ServerConnection } from '@jupyterlab/services';
import { Token } from '@lumino/coreutils';

import type {
  CorrelationMethod,
  Evaluator,
  ICorrelation,
  IFrame,
  IImportance,
  IRunTarget
} from './board';
import type { IComparison } from './compare';
import type { ICurvePage, ICurveQuery } from './curves';
import type {
  CounterpartKind,
  ICellComparison,
  ICellReference,
  ICodeDifferences,
  ICounterpart,
  INotebookDifferences
} from './differences';
import type { ILintReport } from './lint';
import type { IParameter, IProposal } from './parameters';
import type { IJobLog, IJobPage, IJobQuery, IWorker } from './queue';
import type { IDiagnosis, IReproduce } from './reproduction';
import type { IDebugKernel, IResumption } from './resumption';
import type { ISharing, ISharingQuestion, ISweep, ISweepDetail, ISweepRequest } from './sweeps';
import type {
  IArtifact,
  FailureCause,
  ICellContent,
  IExperiment,
  IJob,
  IProject,
  IRichValue,
  IRun,
  IRunDetail,
  IRunPage,
  ISeries,
  ISnapshotInfo,
  JsonValue,
  MetricContext,
  SnapshotMoment
} from './types';
import type { ITableClient } from './table';
import type { IVerdict } from './verdict';

/** Which runs, in which order, and which window of them. */
export interface IRunQuery {
  query?: string;
  orderBy?: string;
  offset?: number;
  limit?: number;
  /** The contents path of a notebook: only its runs. */
  notebook?: string;
  experiment?: string;
  /** The runs in the trash, in place of the others. */
  trashed?: boolean;
}

/** A change that a person makes; a tag with the value null is taken away. */
export interface IRunEdit {
  name?: string;
  notes?: string;
  tags?: Readonly<Record<string, string | null>>;
}

/** Which points; without a context, all series of the key. */
export interface ISeriesQuery {
  runs: readonly string[];
  key: string;
  context?: MetricContext;
  maxPoints?: number;
}

/** A notebook as it was. */
export interface ISnapshot {
  info: ISnapshotInfo;
  notebook: nbformat.INotebookContent;
}

/** What can be set in a notebook before it runs as a job. */
export interface IParameters {
  parameters: IParameter[];
  kernel: string | null;
  /** Constants that may become parameters, where no cell has the tag. */
  proposals: IProposal[];
  /** What will be a problem with the parameters, in sentences. */
  problems: string[];
}

/** A notebook to run: once, or once for each combination of the swept values. */
export interface IJobRequest {
  notebook: string;
  params: Readonly<Record<string, JsonValue>>;
  sweep: Readonly<Record<string, readonly JsonValue[]>>;
  experiment?: string;
  /** In seconds, for each job. */
  timeout?: number;
  /** In seconds, for each cell. */
  cell_timeout?: number;
  /** In bytes, for each kernel and its processes. */
  memory?: number;
  /** How often a job is begun again after a failure, and after how many seconds at first. */
  retries?: number;
  retry_delay?: number;
  retry_on?: readonly FailureCause[];
  /** How many jobs run at the same time. */
  parallel?: number;
  /** Whether copies of the kernel's state are kept, for going on after a failure. */
  snapshots?: boolean;
}

/** A text that belongs to a run's environment: what was not committed, or the project's lock file. */
export type EnvironmentPart = 'diff' | 'lock';

/** The server's REST API. Each method rejects with an ApiError. */
export interface IClient {
  readonly serverSettings: ServerConnection.ISettings;
  /** The run table: windows of columns, groups, saved views, and changes of many runs. */
  readonly runTable: ITableClient;
  /** The project that holds the notebook or folder; null while it has no store. */
  findProject(path: string): Promise<IProject | null>;
  createProject(path: string): Promise<IProject>;
  experiments(project: string): Promise<IExperiment[]>;
  runs(project: string, options?: IRunQuery, signal?: AbortSignal): Promise<IRunPage>;
  run(project: string, id: string): Promise<IRunDetail>;
  editRun(project: string, id: string, edit: IRunEdit): Promise<IRun>;
  trashRun(project: string, id: string): Promise<IRun>;
  restoreRun(project: string, id: string): Promise<IRun>;
  series(project: string, options: ISeriesQuery): Promise<ISeries[]>;
  /** Metrics as charts draw them. */
  curves(project: string, query: ICurveQuery, signal?: AbortSignal): Promise<ICurvePage>;
  artifacts(project: string, id: string): Promise<IArtifact[]>;
  artifact(project: string, id: string, artifact: string): Promise<Blob>;
  /** Where a browser can download the artifact. */
  artifactUrl(project: string, id: string, artifact: string): string;
  /** The bytes of a rich value. */
  value(project: string, id: string, value: IRichValue): Promise<Blob>;
  /** Where a browser can get the bytes of a rich value. */
  valueUrl(project: string, id: string, value: IRichValue): string;
  /** How the cells of a run were executed. */
  verdict(project: string, id: string): Promise<IVerdict>;
  /** What stands in the way of repeating a run. */
  diagnosis(project: string, id: string): Promise<IDiagnosis>;
  /** Queue a job that runs a run again, and compares the results. */
  reproduce(project: string, id: string, how: IReproduce): Promise<IJob>;
  environmentText(project: string, id: string, part: EnvironmentPart): Promise<string>;
  cell(project: string, id: string, order: number): Promise<ICellContent>;
  snapshot(project: string, id: string, moment: SnapshotMoment): Promise<ISnapshot>;
  putSnapshot(
    project: string,
    id: string,
    moment: SnapshotMoment,
    notebook: nbformat.INotebookContent
  ): Promise<ISnapshotInfo>;
  compare(project: string, ids: readonly string[], all?: boolean): Promise<IComparison>;
  /** How the notebooks of two runs differ, cell by cell. */
  compareNotebooks(
    project: string,
    runs: readonly [string, string],
    all?: boolean
  ): Promise<INotebookDifferences>;
  /** Both sides of one cell with their outputs; long ones are cut unless `all`. */
  compareCell(
    project: string,
    runs: readonly [string, string],
    cells: readonly [ICellReference | null, ICellReference | null],
    all?: boolean
  ): Promise<ICellComparison>;
  /** The commits between two runs, and the difference of their code. */
  compareCode(project: string, runs: readonly [string, string]): Promise<ICodeDifferences>;
  /** The best run of the experiment, or the previous one of the notebook. */
  counterpart(project: string, run: string, kind: CounterpartKind): Promise<ICounterpart>;
  /** What there is to mend in a notebook: in the document, or without one in the saved file at that contents path. */
  lint(
    path: string,
    notebook: nbformat.INotebookContent | null,
    signal?: AbortSignal
  ): Promise<ILintReport>;
  parameters(project: string, notebook: string): Promise<IParameters>;
  /** Make proposed constants parameters, in the notebook's file. */
  makeParameters(project: string, notebook: string, names: readonly string[]): Promise<IParameters>;
  jobs(project: string, limit?: number): Promise<IJob[]>;
  job(project: string, id: string): Promise<IJob>;
  submitJobs(project: string, job: IJobRequest): Promise<IJob[]>;
  cancelJob(project: string, id: string): Promise<IJob>;
  /** Queue the same frozen notebook with the same parameters once more. */
  retryJob(project: string, id: string): Promise<IJob>;
  /** A window of the jobs, with their number in each state. */
  jobPage(project: string, query?: IJobQuery): Promise<IJobPage>;
  /** What a job's processes said from an offset on. */
  jobLog(project: string, id: string, offset: number): Promise<IJobLog>;
  /** The processes that run jobs now. */
  workers(project: string): Promise<IWorker[]>;
  /** See to it that somebody runs jobs, `jobs` of them at the same time; as many as the settings say without it. */
  startWorker(project: string, jobs?: number): Promise<IWorker[]>;
  /** The values of some columns, of a sample of `maxRows` where there are more runs. */
  frame(
    project: string,
    target: IRunTarget,
    columns: readonly string[],
    maxRows: number,
    signal?: AbortSignal
  ): Promise<IFrame>;
  /** How much each parameter decides a metric; of all parameters without `params`. */
  importance(
    project: string,
    target: IRunTarget,
    how: { target: string; params: readonly string[] | null; evaluator: Evaluator },
    signal?: AbortSignal
  ): Promise<IImportance>;
  correlation(
    project: string,
    target: IRunTarget,
    columns: readonly string[],
    method: CorrelationMethod,
    signal?: AbortSignal
  ): Promise<ICorrelation>;
  sweeps(project: string): Promise<ISweep[]>;
  sweep(project: string, id: string): Promise<ISweepDetail>;
  startSweep(project: string, sweep: ISweepRequest): Promise<ISweep>;
  /** Which cells the trials of a sweep would share. */
  sharing(project: string, question: ISharingQuestion): Promise<ISharing>;
  cancelSweep(project: string, id: string): Promise<ISweep>;
  resumeSweep(project: string, id: string): Promise<ISweep>;
  /** What going on with a failed run would do; with the notebook as it stands in an editor. */
  resumption(project: string, run: string): Promise<IResumption>;
  /** Go on with a failed run; without a notebook with the saved file. */
  resumeRun(
    project: string,
    run: string,
    notebook: nbformat.INotebookContent | null
  ): Promise<IJob>;
  /** Make a kernel in the state of a run's failure. */
  debugRun(project: string, run: string): Promise<IDebugKernel>;
}

/** The token of the REST client; whoever provides it replaces the server's API. */
export const IClient = new Token<IClient>('trackbook:IClient', 'The REST API of Trackbook.');
