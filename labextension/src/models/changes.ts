import type { Event } from '@jupyterlab/services';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { type IPoll, Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import type { IClient } from '../client/tokens';
import type { RunStatus } from '../client/types';
import type { ConnectionModel } from './connection';

/** The event schema under which the server tells of changes. */
export const CHANGED_SCHEMA = 'urn:trackbook:events:changed';

/** A changed run, with what it takes to know the notebook that it came from. */
export interface IChangedRun {
  id: string;
  status: RunStatus | 'deleted';
  kernel_id: string | null;
  message_id: string | null;
  end_message_id: string | null;
  has_document: { start: boolean; end: boolean };
}

/** That something changed. `runs` and `jobs` are null when all that is known is that something did. */
export interface IChange {
  project: string;
  revision: number;
  runs: readonly IChangedRun[] | null;
  jobs: readonly string[] | null;
}

/** Tells of changes in the projects that somebody watches. */
export interface IChanges {
  readonly changed: ISignal<IChanges, IChange>;
  /** Hear of a project's changes until the result is disposed. */
  watch(project: string): IDisposable;
  /** Tell of a revision that a reader met on its way, so that nobody need find it again. */
  met(project: string, revision: number): void;
}

const QUICK = { interval: 2500, backoff: true, max: 60_000 };
const SLOW = { interval: 30_000, backoff: true, max: 120_000 };
/** While the server doesn't answer: whoever waits for it sees soon that it is back. */
const LOST = { interval: 2500, backoff: 1.5, max: 10_000 };

/**
 * Changes from the server's event stream. The stream only hints: a poll finds what it lost, at leisure while
 * events arrive, often when they don't.
 */
export class Changes implements IChanges, IDisposable {
  constructor(options: Changes.IOptions) {
    this._client = options.client;
    this._events = options.events;
    this._frequency = options.frequency ?? QUICK;
    this._connection = options.connection ?? null;
    if (this._connection) {
      this._connection.onRetry = () => this.check();
    }
    this._events?.connect(this._onEvent, this);
    this._poll = new Poll({
      name: 'trackbook:changes',
      auto: false,
      factory: () => this._ask(),
      frequency: this._frequency,
      standby: options.standby ?? 'when-hidden'
    });
  }

  get changed(): ISignal<this, IChange> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._events?.disconnect(this._onEvent, this);
      this._poll.dispose();
      Signal.clearData(this);
    }
  }

  watch(project: string): IDisposable {
    this._watched.set(project, (this._watched.get(project) ?? 0) + 1);
    void this._poll.start();
    return new DisposableDelegate(() => this._unwatch(project));
  }

  met(project: string, revision: number): void {
    this._revisions.set(project, Math.max(revision, this._revisions.get(project) ?? 0));
  }

  /** Ask the server now: there is reason to doubt that it is there, or to hope so. */
  check(): void {
    if (this._watched.size && !this.isDisposed) {
      void this._poll.refresh();
    }
  }

  private _unwatch(project: string): void {
    const count = (this._watched.get(project) ?? 1) - 1;
    if (count > 0) {
      this._watched.set(project, count);
      return;
    }
    this._watched.delete(project);
    this._revisions.delete(project);
    if (!this._watched.size && !this.isDisposed) {
      void this._poll.stop();
    }
  }

  private _onEvent(_: unknown, event: Event.Emission): void {
    if (event.schema_id !== CHANGED_SCHEMA) {
      return;
    }
    const change = event as unknown as IChange;
    this.met(change.project, change.revision);
    this._poll.frequency = SLOW;
    this._connection?.answered();
    this._changed.emit(change);
  }

  private async _ask(): Promise<void> {
    const wasLost = this._isLost;
    this._isLost = true;
    for (const project of [...this._watched.keys()]) {
      const { revision } = await this._revision(project);
      const known = this._revisions.get(project);
      this.met(project, revision);
      const isNews = known !== undefined && revision > known;
      if (wasLost) {
        this._poll.frequency = this._frequency;
      }
      if ((isNews || wasLost) && this._watched.has(project)) {
        this._poll.frequency = this._frequency;
        this._changed.emit({ project, revision, runs: null, jobs: null });
      }
    }
    this._isLost = false;
  }

  private async _revision(project: string): Promise<{ revision: number }> {
    try {
      const found = await this._client.runs(project, { limit: 1 });
      this._connection?.answered();
      return found;
    } catch (error) {
      this._connection?.failed(error);
      if (this._connection && this._connection.lostSince !== null) {
        this._poll.frequency = LOST;
      }
      throw error;
    }
  }

  private readonly _client: Pick<IClient, 'runs'>;
  private readonly _connection: ConnectionModel | null;
  private readonly _events: ISignal<unknown, Event.Emission> | null;
  private readonly _poll: Poll;
  private readonly _frequency: IPoll.Frequency;
  private _isLost = false;
  private readonly _watched = new Map<string, number>();
  private readonly _revisions = new Map<string, number>();
  private readonly _changed = new Signal<this, IChange>(this);
}

export namespace Changes {
  export interface IOptions {
    client: Pick<IClient, 'runs'>;
    /** The server's event stream; without one there is the poll alone. */
    events: ISignal<unknown, Event.Emission> | null;
    /** Hears whether the server answers. */
    connection?: ConnectionModel;
    /** How often to ask while no events arrive. */
    frequency?: IPoll.Frequency;
    standby?: Poll.Standby;
  }
}
