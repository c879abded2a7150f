import { toApiError } from '../client/errors';
import type { IWorker } from '../client/queue';
import type { IClient } from '../client/tokens';
import { type IPolling, Polled } from './polled';

/** How often, and after how many ms each, a worker that was asked for is looked for. */
const LOOKS = 20;
const LOOK_EVERY = 500;

/** The processes that run the jobs of a project. */
export class WorkersModel extends Polled {
  constructor(options: WorkersModel.IOptions) {
    super({ name: 'workers', interval: 3000, max: 60_000, auto: true }, options);
    this._client = options.client;
    this.project = options.project;
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

  protected override async _load(): Promise<void> {
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
  private _workers: readonly IWorker[] | null = null;
  private _isStarting = false;
}

export namespace WorkersModel {
  export interface IOptions extends IPolling {
    client: Pick<IClient, 'workers' | 'startWorker'>;
    project: string;
  }
}
