import { type IPoll, Poll } from '@lumino/polling';

import type { ApiError } from '../client/errors';
import { Observable } from './observable';

/** How often a model asks, where that is not its own affair, and whether it does so while the page is hidden. */
export interface IPolling {
  frequency?: IPoll.Frequency;
  standby?: Poll.Standby;
}

/** A model that asks the server again and again, less often as long as that fails. */
export abstract class Polled extends Observable {
  protected constructor(
    own: { name: string; interval: number; max: number; auto?: boolean },
    options: IPolling
  ) {
    super();
    this._poll = new Poll({
      name: `trackbook:${own.name}`,
      auto: own.auto ?? false,
      factory: () => this._load(),
      frequency: options.frequency ?? { interval: own.interval, backoff: true, max: own.max },
      standby: options.standby ?? 'when-hidden'
    });
  }

  /** Why the last request failed; what was known before stays. */
  get error(): ApiError | null {
    return this._error;
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

  /** Ask once; rejects, with the error kept, where that fails. */
  protected abstract _load(): Promise<void>;

  protected readonly _poll: Poll;
  protected _error: ApiError | null = null;
}
