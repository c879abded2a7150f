import { type IPoll, Poll } from '@lumino/polling';

import { type ApiError, toApiError } from '../client/errors';
import type { IClient } from '../client/tokens';
import type { IJob, IProject, JobStatus } from '../client/types';
import type { IChange, IChanges } from './changes';
import { type IObservable, Observable } from './observable';

const ACTIVE: ReadonlySet<JobStatus> = new Set<JobStatus>(['queued', 'running']);

/** Something that has a project, perhaps later. */
export interface IProjectHolder extends IObservable {
  readonly project: Pick<IProject, 'id'> | null;
}

/** Tell whether a job waits or runs. */
export function isActive(job: IJob): boolean {
  return ACTIVE.has(job.status);
}

/** Tell whether a job waits to be begun again after a failure. */
export function isWaiting(job: IJob): boolean {
  return job.status === 'queued' && job.attempts.length > 0;
}

/** The run of a job's present or last attempt; null before the first. One that waits has no other run yet. */
export function runOf(job: IJob): string | null {
  if (isWaiting(job)) {
    return job.attempts[job.attempts.length - 1].run_id;
  }
  return job.started === null ? null : job.spec.run_id;
}

/** The jobs of a project, the newest first; their progress while they run. */
export class JobsModel extends Observable {
  constructor(options: JobsModel.IOptions) {
    super();
    this._client = options.client;
    this._changes = options.changes;
    this._project = options.project;
    // Progress by cell is no change of the store, so that no event tells of it.
    this._poll = new Poll({
      name: 'trackbook:jobs',
      auto: false,
      factory: () => this._load(),
      frequency: options.frequency ?? { interval: 1000, backoff: true, max: 30_000 },
      standby: options.standby ?? 'when-hidden'
    });
    this._changes.changed.connect(this._onChange, this);
    this._project.changed.connect(this._onProject, this);
    this._onProject();
  }

  /** The id of the project whose jobs these are. */
  get project(): string | null {
    return this._id;
  }

  get jobs(): readonly IJob[] {
    return this._jobs;
  }

  /** How many jobs wait or run. */
  get active(): number {
    return this._jobs.filter(isActive).length;
  }

  get error(): ApiError | null {
    return this._error;
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._poll.dispose();
      this._changes.changed.disconnect(this._onChange, this);
      this._project.changed.disconnect(this._onProject, this);
      super.dispose();
    }
  }

  async refresh(): Promise<void> {
    await this._poll.refresh();
    await this._poll.tick.catch(() => undefined);
  }

  /** Stop a job, or take it from the queue; rejects with an ApiError. */
  async cancel(project: string, id: string): Promise<void> {
    const job = await this._client.cancelJob(project, id);
    this._jobs = this._jobs.map(other => (other.id === job.id ? job : other));
    this.emitChanged();
  }

  private _onProject(): void {
    const id = this._project.project?.id ?? null;
    if (id !== this._id) {
      this._id = id;
      this._jobs = [];
      this.emitChanged();
      void this.refresh();
    }
  }

  private _onChange(_: unknown, change: IChange): void {
    if (change.project === this._id && (!change.jobs || change.jobs.length)) {
      void this._poll.refresh();
    }
  }

  private async _load(): Promise<void> {
    const id = this._id;
    if (id === null) {
      void this._poll.stop();
      return;
    }
    try {
      const jobs = await this._client.jobs(id, 200);
      if (id !== this._id || this.isDisposed) {
        return;
      }
      this._jobs = jobs;
      this._error = null;
      if (!jobs.some(isActive)) {
        void this._poll.stop();
      }
      this.emitChanged();
    } catch (error) {
      this._error = toApiError(error);
      this.emitChanged();
      throw error;
    }
  }

  private readonly _client: Pick<IClient, 'jobs' | 'cancelJob'>;
  private readonly _changes: IChanges;
  private readonly _project: IProjectHolder;
  private readonly _poll: Poll;
  private _id: string | null = null;
  private _jobs: readonly IJob[] = [];
  private _error: ApiError | null = null;
}

export namespace JobsModel {
  export interface IOptions {
    client: Pick<IClient, 'jobs' | 'cancelJob'>;
    changes: IChanges;
    /** Whose project's jobs. */
    project: IProjectHolder;
    /** How often to ask while a job runs. */
    frequency?: IPoll.Frequency;
    standby?: Poll.Standby;
  }
}
