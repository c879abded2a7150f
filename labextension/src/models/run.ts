import { type ApiError, toApiError } from '../client/errors';
import type { EnvironmentPart, IClient, IRunEdit } from '../client/tokens';
import type {
  ICellContent,
  ICellExecution,
  IJob,
  IRichValue,
  IRun,
  IRunDetail
} from '../client/types';
import type { IDiagnosis } from '../client/reproduction';
import type { IResumption } from '../client/resumption';
import type { IVerdict } from '../client/verdict';
import type { IChange, IChanges } from './changes';
import { FollowingModel, concerns } from './following';

/** How many contents of rich values are kept at most. */
const KEPT_VALUES = 40;

/** Everything about one run, kept up to date while it lives. */
export class RunModel extends FollowingModel {
  constructor(options: RunModel.IOptions) {
    super(options.changes, options.project, options.limit ?? 400);
    this._client = options.client;
    this.id = options.id;
    void this.refresh();
  }

  readonly id: string;

  /** What is known; null until the first answer. */
  get detail(): IRunDetail | null {
    return this._detail;
  }

  get run(): IRun | null {
    return this._detail?.run ?? null;
  }

  /** Why the last request failed; what was known before stays. */
  get error(): ApiError | null {
    return this._error;
  }

  /** Change name, notes or tags; rejects with an ApiError. */
  async edit(edit: IRunEdit): Promise<void> {
    const run = await this._client.editRun(this.project, this.id, edit);
    if (this._detail) {
      this._detail = { ...this._detail, run };
      this.emitChanged();
    }
  }

  /** The source and outputs of an execution. Asked for once, but for a cell that runs: then with `isFresh` each time. */
  cell(execution: ICellExecution, isFresh = false): Promise<ICellContent> {
    const { order, status } = execution;
    const known = this._cells.get(order);
    if (known && (known.isFinal || (known.detail === this._detail && !isFresh))) {
      return known.content;
    }
    const content = this._client.cell(this.project, this.id, order);
    const entry = { content, isFinal: status !== 'running', detail: this._detail };
    this._cells.set(order, entry);
    content.catch(() => {
      if (this._cells.get(order) === entry) {
        this._cells.delete(order);
      }
    });
    return content;
  }

  /** The job that the run belongs to; null for a run of somebody's own. */
  async job(): Promise<IJob | null> {
    const id = this.run?.source.job_id ?? null;
    return id === null ? null : this._client.job(this.project, id);
  }

  /** The bytes of an artifact. */
  artifact(path: string): Promise<Blob> {
    return this._client.artifact(this.project, this.id, path);
  }

  /** Where a browser can download an artifact. */
  artifactUrl(path: string): string {
    return this._client.artifactUrl(this.project, this.id, path);
  }

  /** The bytes of a rich value, its media type with them. The last ones are kept: a slider goes back and forth. */
  value(value: IRichValue): Promise<Blob> {
    const name = `${value.digest} ${value.media_type}`;
    let content = this._values.get(name);
    if (!content) {
      content = this._client
        .value(this.project, this.id, value)
        .then(blob => new Blob([blob], { type: value.media_type }));
      content.catch(() => this._values.delete(name));
    }
    // Asked for last, it is let go of last.
    this._values.delete(name);
    this._values.set(name, content);
    const [oldest] = this._values.keys();
    if (this._values.size > KEPT_VALUES) {
      this._values.delete(oldest);
    }
    return content;
  }

  /** Where a browser can get the bytes of a rich value. */
  valueUrl(value: IRichValue): string {
    return this._client.valueUrl(this.project, this.id, value);
  }

  /** How the cells were executed; null where that can't be said. Asked for again when what it is told from has changed. */
  verdict(): Promise<IVerdict | null> {
    const state = this._detail && verdictState(this._detail);
    if (!this._verdict || this._verdict.state !== state) {
      const content = this._client.verdict(this.project, this.id).catch(() => null);
      this._verdict = { content, state };
    }
    return this._verdict.content;
  }

  /** What stands in the way of running it again. */
  diagnosis(): Promise<IDiagnosis> {
    return this._client.diagnosis(this.project, this.id);
  }

  /** What going on with it would do. */
  resumption(): Promise<IResumption> {
    return this._client.resumption(this.project, this.id);
  }

  /** What was not committed, or the lock file, as text. */
  environmentText(part: EnvironmentPart): Promise<string> {
    return this._client.environmentText(this.project, this.id, part);
  }

  override async refresh(): Promise<void> {
    try {
      const detail = await this._client.run(this.project, this.id);
      if (this.isDisposed) {
        return;
      }
      this._detail = detail;
      this._error = null;
    } catch (error) {
      this._error = toApiError(error);
    }
    this.emitChanged();
  }

  protected override onChange(change: IChange): void {
    if (concerns(change, [this.id])) {
      this.refreshSoon();
    }
  }

  private readonly _client: RunModel.Client;
  private readonly _cells = new Map<number, RunModel.ICell>();
  private readonly _values = new Map<string, Promise<Blob>>();
  private _verdict: RunModel.IKeptVerdict | null = null;
  private _detail: IRunDetail | null = null;
  private _error: ApiError | null = null;
}

export namespace RunModel {
  export type Client = Pick<
    IClient,
    | 'run'
    | 'editRun'
    | 'cell'
    | 'job'
    | 'artifact'
    | 'artifactUrl'
    | 'value'
    | 'valueUrl'
    | 'verdict'
    | 'diagnosis'
    | 'resumption'
    | 'environmentText'
  >;

  export interface IOptions {
    client: Client;
    changes: IChanges;
    project: string;
    id: string;
    /** How often to ask at most while the run lives, in ms. */
    limit?: number;
  }

  export interface ICell {
    content: Promise<ICellContent>;
    isFinal: boolean;
    detail: IRunDetail | null;
  }

  export interface IKeptVerdict {
    content: Promise<IVerdict | null>;
    state: string | null;
  }
}

/** What a verdict is told from: executions and snapshots. Points that arrive change nothing about it. */
function verdictState({ run, cells, snapshots }: IRunDetail): string {
  const ended = cells.filter(cell => cell.status !== 'running').length;
  return [run.status, run.attempt, cells.length, ended, snapshots.length].join();
}
