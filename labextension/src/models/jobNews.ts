import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import type { ISweep } from '../client/sweeps';
import type { IClient } from '../client/tokens';
import type { IJob } from '../client/types';
import { isActive, type JobsModel } from './jobs';
import { isGoing, type SweepsModel } from './sweeps';

/** The event schema under which the server tells of the ends of jobs. */
export const ENDED_SCHEMA = 'urn:trackbook:events:job-ended';

/** How many ended jobs are remembered, so that none is told twice. */
const REMEMBERED = 5000;

/** That a job or a sweep came to its end. */
export type JobNews =
  { kind: 'job'; project: string; job: IJob } | { kind: 'sweep'; project: string; sweep: ISweep };

/** An event of the server, as much as matters of it. */
export interface IEndedEvent {
  schema_id: string;
  project?: unknown;
  job?: unknown;
}

/**
 * Tells once of each job that ended, and of a sweep once for all of its trials. What was over before somebody looked is
 * no news; nor is what the user cancelled.
 */
export class JobNewsModel implements IDisposable {
  constructor(options: JobNewsModel.IOptions) {
    this._options = options;
    options.jobs.changed.connect(this._onJobs, this);
    options.sweeps.changed.connect(this._onSweeps, this);
    options.events?.connect(this._onEvent, this);
  }

  /** Emitted for each end. */
  get ended(): ISignal<this, JobNews> {
    return this._ended;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._options.jobs.changed.disconnect(this._onJobs, this);
      this._options.sweeps.changed.disconnect(this._onSweeps, this);
      this._options.events?.disconnect(this._onEvent, this);
      Signal.clearData(this);
    }
  }

  private _onJobs(): void {
    const { jobs: model } = this._options;
    const { project } = model;
    if (project === null) {
      return;
    }
    for (const job of model.jobs) {
      if (isActive(job)) {
        this._active.add(job.id);
      } else if (this._active.delete(job.id)) {
        this._tell(project, job);
      }
    }
  }

  private _onSweeps(): void {
    const { project, sweeps } = this._options.sweeps;
    if (project === null) {
      return;
    }
    for (const sweep of sweeps) {
      if (isGoing(sweep)) {
        this._active.add(sweep.id);
      } else if (this._active.delete(sweep.id) && sweep.status !== 'aborted') {
        this._ended.emit({ kind: 'sweep', project, sweep });
      }
    }
  }

  /** A job of a project that the user is not in may end, too. */
  private _onEvent(_: unknown, event: IEndedEvent): void {
    const { schema_id, project, job } = event;
    if (schema_id === ENDED_SCHEMA && typeof project === 'string' && typeof job === 'string') {
      this._options.client.job(project, job).then(
        answer => this._tell(project, answer),
        () => undefined // what can't be asked for can't be told; the list shows it
      );
    }
  }

  private _tell(project: string, job: IJob): void {
    if (this._told.has(job.id) || isActive(job)) {
      return;
    }
    this._told.add(job.id);
    if (this._told.size > REMEMBERED) {
      const [oldest] = this._told;
      this._told.delete(oldest);
    }
    if (!job.spec.trial && job.status !== 'cancelled') {
      this._ended.emit({ kind: 'job', project, job });
    }
  }

  private readonly _options: JobNewsModel.IOptions;
  private readonly _ended = new Signal<this, JobNews>(this);
  private readonly _active = new Set<string>();
  private readonly _told = new Set<string>();
  private _isDisposed = false;
}

export namespace JobNewsModel {
  export interface IOptions {
    client: Pick<IClient, 'job'>;
    jobs: JobsModel;
    sweeps: SweepsModel;
    /** The server's event stream. */
    events: ISignal<unknown, IEndedEvent> | null;
  }
}
