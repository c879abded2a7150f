import { type IPoll, Poll } from '@lumino/polling';

import { type ApiError, toApiError } from '../client/errors';
import type { IWorker } from '../client/queue';
import type { IClient } from '../client/tokens';
import { Observable } from './observable';

/** How often, and after how many ms each, a worker that was asked for is looked for. */
const LOOKS = 20;
const LOOK_EVERY = 500;

/** The processes that run the jobs of a project. */
export class WorkersModel extends Observable {
  constructor(options: WorkersModel.IOptions) {
    super();
    this._client = options.client;
    this.project = options.project;
    this._poll = new Poll({
      name: 'trackbook:workers',
      auto: true,
      factory: () => this._load(),
      frequency: options.frequency ?? { interval: 3000, backoff: true, max: 60_000 },
      standby: options.standby ?? 'when-hidden'
    });
  }

  readonly project: string;

  /** The workers; null while they aren't known. */
  get workers(): readonly IWorker[] | null {
    return this._workers;
  }

  /** How many jobs they run at the same time at most. */
  get capacity(): number {
    return (this._workers ?? []).reduce((sum, worker) => sum + worker.capacity, 0);
  }

  /** How many jobs they run now. */
  get busy(): number {
    return (this._workers ?? []).reduce((sum, worker) => sum + worker.current.length, 0);
  }

  /** Whether a worker was asked for that isn't listed yet. */
  get isStarting(): boolean {
    return this._isStarting;
  }

  /** Why a worker could not be started, or why nobody knows of them. */
  get error(): ApiError | null {
    return this._error;
  }

  /** See to it that somebody runs the jobs. */
  async start(): Promise<void> {
    if (this._isStarting) {
      return;
    }
    this._isStarting = true;
    this.emitChanged();
    try {
      this._workers = await this._client.startWorker(this.project);
      this._error = null;
      // A process takes a moment until it can say that it is there.
      for (let look = 0; look < LOOKS && !this._workers.length && !this.isDisposed; look += 1) {
        await new Promise(resolve => setTimeout(resolve, LOOK_EVERY));
        await this.refresh();
      }
    } catch (error) {
      this._error = toApiError(error);
    }
    this._isStarting = false;
    this.emitChanged();
  }

  async refresh(): Promise<void> {
    if (!this.isDisposed) {
      await this._poll.refresh();
      await this._poll.tick.catch(() => undefined);
    }
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._poll.dispose();
      super.dispose();
    }
  }

  private async _load(): Promise<void> {
    try {
      const workers = await this._client.workers(this.project);
      this._error = null;
      if (JSON.stringify(workers) !== JSON.stringify(this._workers)) {
        this._workers = workers;
        this.emitChanged();
      }
    } catch (error) {
      this._error = toApiError(error);
      this.emitChanged();
      throw error;
    }
  }

  private readonly _client: Pick<IClient, 'workers' | 'startWorker'>;
  private readonly _poll: Poll;
  private _workers: readonly IWorker[] | null = null;
  private _isStarting = false;
  private _error: ApiError | null = null;
}

export namespace WorkersModel {
  export interface IOptions {
    client: Pick<IClient, 'workers' | 'startWorker'>;
    project: string;
    frequency?: IPoll.Frequency;
    standby?: Poll.Standby;
  }
}
