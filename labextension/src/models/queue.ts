import type { IClient } from '../client/tokens';
import type { IJob } from '../client/types';
import type { IChanges } from './changes';
import { JobListModel } from './jobList';
import { JobLogModel } from './jobLog';
import { isActive, runOf } from './jobs';
import { Observable } from './observable';
import { RunModel } from './run';
import { SelectionModel } from './selection';
import { WorkersModel } from './workers';

/** What the page of jobs shows: the list, the workers, what is selected, and one job closely. */
export class QueueModel extends Observable {
  constructor(options: QueueModel.IOptions) {
    super();
    this._options = options;
    this.project = options.project;
    this.list = new JobListModel(options);
    this.workers = new WorkersModel(options);
    this.list.changed.connect(this._onList, this);
  }

  readonly project: string;
  readonly list: JobListModel;
  readonly workers: WorkersModel;
  /** The ids of the jobs that are selected. */
  readonly selection = new SelectionModel();

  /** The job that is shown closely; null: none. */
  get job(): IJob | null {
    return this._job;
  }

  /** The run of that job, once it has one. */
  get run(): RunModel | null {
    return this._run;
  }

  /** What that job's processes say, once somebody wants to read it. */
  get log(): JobLogModel | null {
    return this._log;
  }

  /** Show a job closely; with `log`, what its processes say, too. */
  async show(id: string | null, log = false): Promise<void> {
    this._asked = id;
    if (id === null) {
      this._show(null);
      return;
    }
    const known = this.list.find(id);
    const job = known ?? (await this._options.client.job(this.project, id).catch(() => null));
    if (this._asked === id && !this.isDisposed) {
      this._show(job);
      if (log && job) {
        this.openLog();
      }
    }
  }

  /** Follow what the processes of the shown job say. */
  openLog(): void {
    if (this._job && !this._log) {
      const { client, frequency, standby } = this._options;
      const { project } = this;
      this._log = new JobLogModel({ client, project, job: this._job.id, frequency, standby });
      this.emitChanged();
    }
  }

  closeLog(): void {
    this._log?.dispose();
    this._log = null;
    this.emitChanged();
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._log?.dispose();
      this._run?.dispose();
      this.list.dispose();
      this.workers.dispose();
      super.dispose();
    }
  }

  private _show(job: IJob | null): void {
    if (job?.id !== this._job?.id) {
      this._log?.dispose();
      this._log = null;
    }
    this._job = job;
    const run = job && runOf(job);
    if (run !== (this._run?.id ?? null)) {
      this._run?.dispose();
      const { client, changes } = this._options;
      this._run =
        run === null ? null : new RunModel({ client, changes, project: this.project, id: run });
    }
    this.emitChanged();
  }

  private _onList(): void {
    const id = this._job?.id;
    if (id === undefined) {
      return;
    }
    const job = this.list.find(id);
    if (job) {
      if (job !== this._job) {
        this._show(job);
      }
    } else if (this._job && isActive(this._job)) {
      void this.show(id); // scrolled out of sight, or no longer among those that are listed
    }
  }

  private readonly _options: QueueModel.IOptions;
  private _asked: string | null = null;
  private _job: IJob | null = null;
  private _run: RunModel | null = null;
  private _log: JobLogModel | null = null;
}

export namespace QueueModel {
  export type Client = RunModel.Client &
    Pick<IClient, 'jobPage' | 'job' | 'jobLog' | 'workers' | 'startWorker'>;

  export interface IOptions extends Omit<JobListModel.IOptions, 'client'> {
    client: Client;
    changes: IChanges;
  }
}
