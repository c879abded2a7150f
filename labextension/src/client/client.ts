import type * as nbformat from '@jupyterlab/nbformat';
import { ServerConnection } from '@jupyterlab/services';

import type {
  EnvironmentPart,
  IClient,
  IJobRequest,
  IParameters,
  IRunEdit,
  IRunQuery,
  ISeriesQuery,
  ISnapshot
} from './tokens';
import type {
  CorrelationMethod,
  Evaluator,
  ICorrelation,
  IFrame,
  IImportance,
  IRunTarget
} from './board';
import type { IComparison } from './compare';
import type { ILintReport } from './lint';
import { decodeComparison } from './compare';
import { decodeCurves, type ICurvePage, type ICurveQuery } from './curves';
import type {
  CounterpartKind,
  ICellComparison,
  ICellReference,
  ICodeDifferences,
  ICounterpart,
  INotebookDifferences
} from './differences';
import { decodeDetail, decodeRun, decodeSeries } from './numbers';
import { type IRequestOptions, type QueryValue, buildUrl, request, requestJson } from './request';
import type { IJobLog, IJobPage, IJobQuery, IWorker } from './queue';
import type { IDiagnosis, IReproduce } from './reproduction';
import type { IDebugKernel, IResumption } from './resumption';
import {
  decodeSweep,
  decodeSweepDetail,
  type ISharing,
  type ISharingQuestion,
  type ISweep,
  type ISweepDetail,
  type ISweepRequest
} from './sweeps';
import { type ITableClient, TableClient } from './table';
import type { IVerdict } from './verdict';
import type {
  IArtifact,
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
  SnapshotMoment
} from './types';

/** The REST client; one method a request. */
export class Client implements IClient {
  readonly serverSettings: ServerConnection.ISettings;
  readonly runTable: ITableClient;

  constructor(options: Client.IOptions = {}) {
    this.serverSettings = options.serverSettings ?? ServerConnection.makeSettings();
    this.runTable = new TableClient(this.serverSettings);
  }

  async findProject(path: string): Promise<IProject | null> {
    const query = { path };
    const answer = await this._get<{ projects: IProject[] }>(['projects'], { query });
    return answer.projects[0] ?? null;
  }

  async createProject(path: string): Promise<IProject> {
    return this._get<IProject>(['projects'], { method: 'POST', body: { path } });
  }

  async experiments(project: string): Promise<IExperiment[]> {
    const path = ['projects', project, 'experiments'];
    return (await this._get<{ experiments: IExperiment[] }>(path)).experiments;
  }

  async runs(project: string, options: IRunQuery = {}, signal?: AbortSignal): Promise<IRunPage> {
    const query = {
      query: options.query,
      order_by: options.orderBy,
      offset: options.offset,
      limit: options.limit,
      notebook: options.notebook,
      experiment: options.experiment,
      trashed: options.trashed || undefined
    };
    const page = await this._get<IRunPage>(['projects', project, 'runs'], { query, signal });
    return { ...page, runs: page.runs.map(decodeRun) };
  }

  async run(project: string, id: string): Promise<IRunDetail> {
    return decodeDetail(await this._get<IRunDetail>(runPath(project, id)));
  }

  async editRun(project: string, id: string, edit: IRunEdit): Promise<IRun> {
    const options: IRequestOptions = { method: 'PATCH', body: edit };
    return decodeRun(await this._get<IRun>(runPath(project, id), options));
  }

  async trashRun(project: string, id: string): Promise<IRun> {
    const path = runPath(project, id, 'trash');
    return decodeRun(await this._get<IRun>(path, { method: 'POST', body: {} }));
  }

  async restoreRun(project: string, id: string): Promise<IRun> {
    const path = runPath(project, id, 'restore');
    return decodeRun(await this._get<IRun>(path, { method: 'POST', body: {} }));
  }

  async series(project: string, options: ISeriesQuery): Promise<ISeries[]> {
    const query = {
      run: options.runs,
      key: options.key,
      context: options.context && JSON.stringify(options.context),
      max_points: options.maxPoints
    };
    const path = ['projects', project, 'series'];
    return (await this._get<{ series: ISeries[] }>(path, { query })).series.map(decodeSeries);
  }

  async curves(project: string, query: ICurveQuery, signal?: AbortSignal): Promise<ICurvePage> {
    const options: IRequestOptions = { method: 'POST', body: query, signal };
    return decodeCurves(await this._get<ICurvePage>(['projects', project, 'curves'], options));
  }

  async artifacts(project: string, id: string): Promise<IArtifact[]> {
    const path = runPath(project, id, 'artifacts');
    return (await this._get<{ artifacts: IArtifact[] }>(path)).artifacts;
  }

  async artifact(project: string, id: string, artifact: string): Promise<Blob> {
    const path = runPath(project, id, 'artifacts', ...artifact.split('/'));
    return (await request(this.serverSettings, path)).blob();
  }

  artifactUrl(project: string, id: string, artifact: string): string {
    const path = runPath(project, id, 'artifacts', ...artifact.split('/'));
    return buildUrl(this.serverSettings, path, { download: 1 });
  }

  async value(project: string, id: string, value: IRichValue): Promise<Blob> {
    const path = runPath(project, id, 'values', 'content');
    return (await request(this.serverSettings, path, { query: valueQuery(value) })).blob();
  }

  valueUrl(project: string, id: string, value: IRichValue): string {
    const path = runPath(project, id, 'values', 'content');
    return buildUrl(this.serverSettings, path, valueQuery(value));
  }

  async verdict(project: string, id: string): Promise<IVerdict> {
    return this._get<IVerdict>(runPath(project, id, 'verdict'));
  }

  async diagnosis(project: string, id: string): Promise<IDiagnosis> {
    return this._get<IDiagnosis>(runPath(project, id, 'diagnosis'));
  }

  async reproduce(project: string, id: string, how: IReproduce): Promise<IJob> {
    const options: IRequestOptions = { method: 'POST', body: how };
    return this._get<IJob>(runPath(project, id, 'reproduce'), options);
  }

  async environmentText(project: string, id: string, part: EnvironmentPart): Promise<string> {
    return (await request(this.serverSettings, runPath(project, id, 'environment', part))).text();
  }

  async cell(project: string, id: string, order: number): Promise<ICellContent> {
    return this._get<ICellContent>(runPath(project, id, 'cells', String(order)));
  }

  async snapshot(project: string, id: string, moment: SnapshotMoment): Promise<ISnapshot> {
    return this._get<ISnapshot>(runPath(project, id, 'snapshots', moment));
  }

  async putSnapshot(
    project: string,
    id: string,
    moment: SnapshotMoment,
    notebook: nbformat.INotebookContent
  ): Promise<ISnapshotInfo> {
    const path = runPath(project, id, 'snapshots', moment);
    return this._get<ISnapshotInfo>(path, { method: 'PUT', body: { notebook } });
  }

  async compare(project: string, ids: readonly string[], all = false): Promise<IComparison> {
    const query = { run: ids, all: all ? 1 : undefined };
    const path = ['projects', project, 'compare'];
    return decodeComparison(await this._get<IComparison>(path, { query }));
  }

  async compareNotebooks(
    project: string,
    runs: readonly [string, string],
    all = false
  ): Promise<INotebookDifferences> {
    const path = ['projects', project, 'differences', 'notebook'];
    return this._get<INotebookDifferences>(path, { method: 'POST', body: { runs, all } });
  }

  async compareCell(
    project: string,
    runs: readonly [string, string],
    cells: readonly [ICellReference | null, ICellReference | null],
    all = false
  ): Promise<ICellComparison> {
    const path = ['projects', project, 'differences', 'cell'];
    const body = { runs, left: cells[0], right: cells[1], all };
    return this._get<ICellComparison>(path, { method: 'POST', body });
  }

  async compareCode(project: string, runs: readonly [string, string]): Promise<ICodeDifferences> {
    const path = ['projects', project, 'differences', 'code'];
    return this._get<ICodeDifferences>(path, { method: 'POST', body: { runs } });
  }

  async counterpart(project: string, run: string, kind: CounterpartKind): Promise<ICounterpart> {
    return this._get<ICounterpart>(runPath(project, run, 'counterpart'), { query: { kind } });
  }

  async lint(
    path: string,
    notebook: nbformat.INotebookContent | null,
    signal?: AbortSignal
  ): Promise<ILintReport> {
    return this._get<ILintReport>(['lint'], { method: 'POST', body: { path, notebook }, signal });
  }

  async parameters(project: string, notebook: string): Promise<IParameters> {
    const path = ['projects', project, 'parameters'];
    return this._get<IParameters>(path, { query: { notebook } });
  }

  async makeParameters(
    project: string,
    notebook: string,
    names: readonly string[]
  ): Promise<IParameters> {
    const path = ['projects', project, 'parameters'];
    return this._get<IParameters>(path, { method: 'POST', body: { notebook, names } });
  }

  async jobs(project: string, limit?: number): Promise<IJob[]> {
    const path = ['projects', project, 'jobs'];
    return (await this._get<{ jobs: IJob[] }>(path, { query: { limit } })).jobs;
  }

  async job(project: string, id: string): Promise<IJob> {
    return this._get<IJob>(['projects', project, 'jobs', id]);
  }

  async submitJobs(project: string, job: IJobRequest): Promise<IJob[]> {
    const path = ['projects', project, 'jobs'];
    return (await this._get<{ jobs: IJob[] }>(path, { method: 'POST', body: job })).jobs;
  }

  async cancelJob(project: string, id: string): Promise<IJob> {
    const path = ['projects', project, 'jobs', id, 'cancel'];
    return this._get<IJob>(path, { method: 'POST', body: {} });
  }

  async retryJob(project: string, id: string): Promise<IJob> {
    const path = ['projects', project, 'jobs', id, 'retry'];
    return this._get<IJob>(path, { method: 'POST', body: {} });
  }

  async jobPage(project: string, query: IJobQuery = {}): Promise<IJobPage> {
    return this._get<IJobPage>(['projects', project, 'jobs'], { query: { ...query } });
  }

  async jobLog(project: string, id: string, offset: number): Promise<IJobLog> {
    return this._get<IJobLog>(['projects', project, 'jobs', id, 'log'], { query: { offset } });
  }

  async workers(project: string): Promise<IWorker[]> {
    return (await this._get<{ workers: IWorker[] }>(['projects', project, 'workers'])).workers;
  }

  async startWorker(project: string, jobs?: number): Promise<IWorker[]> {
    const options: IRequestOptions = { method: 'POST', body: { jobs } };
    const path = ['projects', project, 'workers'];
    return (await this._get<{ workers: IWorker[] }>(path, options)).workers;
  }

  async frame(
    project: string,
    target: IRunTarget,
    columns: readonly string[],
    maxRows: number,
    signal?: AbortSignal
  ): Promise<IFrame> {
    const body = { ...target, columns, max_rows: maxRows };
    return this._get<IFrame>(['projects', project, 'frame'], { method: 'POST', body, signal });
  }

  async importance(
    project: string,
    target: IRunTarget,
    how: { target: string; params: readonly string[] | null; evaluator: Evaluator },
    signal?: AbortSignal
  ): Promise<IImportance> {
    const options: IRequestOptions = { method: 'POST', body: { ...target, ...how }, signal };
    return this._get<IImportance>(['projects', project, 'importance'], options);
  }

  async correlation(
    project: string,
    target: IRunTarget,
    columns: readonly string[],
    method: CorrelationMethod,
    signal?: AbortSignal
  ): Promise<ICorrelation> {
    const body = { ...target, columns, method };
    const options: IRequestOptions = { method: 'POST', body, signal };
    return this._get<ICorrelation>(['projects', project, 'correlation'], options);
  }

  async sweeps(project: string): Promise<ISweep[]> {
    const path = ['projects', project, 'sweeps'];
    return (await this._get<{ sweeps: ISweep[] }>(path)).sweeps.map(decodeSweep);
  }

  async sweep(project: string, id: string): Promise<ISweepDetail> {
    return decodeSweepDetail(await this._get<ISweepDetail>(['projects', project, 'sweeps', id]));
  }

  async startSweep(project: string, sweep: ISweepRequest): Promise<ISweep> {
    const options: IRequestOptions = { method: 'POST', body: sweep };
    return decodeSweep(await this._get<ISweep>(['projects', project, 'sweeps'], options));
  }

  async sharing(project: string, question: ISharingQuestion): Promise<ISharing> {
    const options: IRequestOptions = { method: 'POST', body: question };
    return this._get<ISharing>(['projects', project, 'sharing'], options);
  }

  async cancelSweep(project: string, id: string): Promise<ISweep> {
    const path = ['projects', project, 'sweeps', id, 'cancel'];
    return decodeSweep(await this._get<ISweep>(path, { method: 'POST', body: {} }));
  }

  async resumeSweep(project: string, id: string): Promise<ISweep> {
    const path = ['projects', project, 'sweeps', id, 'resume'];
    return decodeSweep(await this._get<ISweep>(path, { method: 'POST', body: {} }));
  }

  async resumption(project: string, run: string): Promise<IResumption> {
    return this._get<IResumption>(runPath(project, run, 'resumption'));
  }

  async resumeRun(
    project: string,
    run: string,
    notebook: nbformat.INotebookContent | null
  ): Promise<IJob> {
    const options: IRequestOptions = { method: 'POST', body: { notebook } };
    return this._get<IJob>(runPath(project, run, 'resume'), options);
  }

  async debugRun(project: string, run: string): Promise<IDebugKernel> {
    const options: IRequestOptions = { method: 'POST', body: {} };
    return this._get<IDebugKernel>(runPath(project, run, 'debug'), options);
  }

  private _get<T>(path: readonly string[], options: IRequestOptions = {}): Promise<T> {
    return requestJson<T>(this.serverSettings, path, options);
  }
}

export namespace Client {
  export interface IOptions {
    /** The server to ask; JupyterLab's own by default. */
    serverSettings?: ServerConnection.ISettings;
  }
}

function runPath(project: string, run: string, ...rest: string[]): string[] {
  return ['projects', project, 'runs', run, ...rest];
}

/** What names a rich value: the server takes a context as JSON with sorted keys. */
function valueQuery({ key, context, step }: IRichValue): Record<string, QueryValue> {
  const sorted = Object.fromEntries(Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { key, context: JSON.stringify(sorted), step };
}
