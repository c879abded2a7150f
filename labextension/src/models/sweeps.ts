import { toApiError } from '../client/errors';
import type { ISweep } from '../client/sweeps';
import type { IClient } from '../client/tokens';
import type { IChange, IChanges } from './changes';
import type { IProjectHolder } from './jobs';
import { Pace } from './pace';
import { type IPolling, Polled } from './polled';
import { Turns } from './turns';

/** How often to ask at most after changes that bring no sweep on, in ms. */
const PLAIN = 10_000;

/** Tell whether a sweep goes on. */
export function isGoing(sweep: ISweep): boolean {
  return sweep.status === 'running' || sweep.status === 'queued';
}

/** How many trials of a sweep have come to an end, in whatever way. */
export function endedTrials({ trials }: ISweep): number {
  return trials.finished + trials.failed + trials.pruned + trials.cancelled;
}

/** The sweeps of a project, the newest first; their progress while they go on. */
export class SweepsModel extends Polled {
  constructor(options: SweepsModel.IOptions) {
    super({ name: 'sweeps', interval: 2000, max: 30_000 }, options);
    this._client = options.client;
    this._changes = options.changes;
    this._project = options.project;
    this._changes.changed.connect(this._onChange, this);
    this._project.changed.connect(this._onProject, this);
    this._onProject();
  }

  /** The id of the project whose sweeps these are. */
  get project(): string | null {
    return this._id;
  }

  get sweeps(): readonly ISweep[] {
    return this._sweeps;
  }

  /** How many sweeps go on. */
  get going(): number {
    return this._sweeps.filter(isGoing).length;
  }

  /** Whether the server has answered for this project. */
  get isReady(): boolean {
    return this._isReady;
  }

  /** Show a newer state of a sweep at once. */
  update(sweep: ISweep): void {
    const isKnown = this._sweeps.some(other => other.id === sweep.id);
    this._sweeps = isKnown
      ? this._sweeps.map(other => (other.id === sweep.id ? sweep : other))
      : [sweep, ...this._sweeps];
    this.emitChanged();
    void this._poll.start();
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._changes.changed.disconnect(this._onChange, this);
      this._project.changed.disconnect(this._onProject, this);
      this._plain.dispose();
      super.dispose();
    }
  }

  private _onProject(): void {
    const id = this._project.project?.id ?? null;
    if (id !== this._id) {
      this._id = id;
      this._sweeps = [];
      this._isReady = false;
      this.emitChanged();
      void this.refresh();
    }
  }

  private _onChange(_: unknown, change: IChange): void {
    // While one goes on the poll is quick enough: each of its trials tells of many changes.
    if (change.project !== this._id || this.going) {
      return;
    }
    if (this._turns.has(change) || !change.jobs || change.jobs.length) {
      void this._poll.refresh();
    } else if (change.runs?.length) {
      this._plain.soon();
    }
  }

  protected override async _load(): Promise<void> {
    const id = this._id;
    if (id === null) {
      void this._poll.stop();
      return;
    }
    try {
      const sweeps = await this._client.sweeps(id);
      if (id !== this._id || this.isDisposed) {
        return;
      }
      const isSame = this._isReady && JSON.stringify(sweeps) === JSON.stringify(this._sweeps);
      this._sweeps = sweeps;
      this._error = null;
      this._isReady = true;
      if (!this.going) {
        void this._poll.stop();
      }
      if (!isSame) {
        this.emitChanged();
      }
    } catch (error) {
      this._error = toApiError(error);
      this._isReady = true;
      this.emitChanged();
      throw error;
    }
  }

  private readonly _client: Pick<IClient, 'sweeps'>;
  private readonly _changes: IChanges;
  private readonly _project: IProjectHolder;
  private readonly _plain = new Pace(() => this.refresh(), PLAIN);
  private readonly _turns = new Turns();
  private _id: string | null = null;
  private _sweeps: readonly ISweep[] = [];
  private _isReady = false;
}

export namespace SweepsModel {
  export interface IOptions extends IPolling {
    client: Pick<IClient, 'sweeps'>;
    changes: IChanges;
    /** Whose project's sweeps. */
    project: IProjectHolder;
  }
}
