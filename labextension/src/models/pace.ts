import type { IDisposable } from '@lumino/disposable';

/**
 * Does something once some time after it was asked for, however often it is asked for meanwhile. What is asked for
 * while it is at work it does once more: Lumino's Throttler would forget that, and with it the last change of a run.
 * In a page that nobody sees it waits until somebody does.
 */
export class Pace implements IDisposable {
  /** `limit` is the time from the first asking to the work, in ms. An error of `work` is its own to tell. */
  constructor(
    private readonly _work: () => void | Promise<void>,
    private readonly _limit: number
  ) {}

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
    document.removeEventListener('visibilitychange', this._onTime);
  }

  /** Have it done when it is time. */
  soon(): void {
    if (this._isAsked || this._isDisposed) {
      return;
    }
    this._isAsked = true;
    if (!this._isWorking) {
      this._timer = setTimeout(this._onTime, this._limit);
    }
  }

  private readonly _onTime = () => {
    if (document.hidden) {
      document.addEventListener('visibilitychange', this._onTime, { once: true });
    } else {
      void this._do();
    }
  };

  private async _do(): Promise<void> {
    this._isAsked = false;
    this._isWorking = true;
    try {
      await this._work();
    } catch {
      // The next time may go better.
    }
    this._isWorking = false;
    if (this._isAsked) {
      this._isAsked = false;
      this.soon();
    }
  }

  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _isAsked = false;
  private _isWorking = false;
  private _isDisposed = false;
}
