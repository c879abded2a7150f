import { type ApiError, toApiError } from '../client/errors';
import { Observable } from './observable';

/** Whether the server answers. What the views show meanwhile is what was there before, and they say so. */
export class ConnectionModel extends Observable {
  constructor(options: ConnectionModel.IOptions = {}) {
    super();
    this._now = options.now ?? Date.now;
  }

  /** Since when the server has not answered, in milliseconds of the browser's clock; null while it does. */
  get lostSince(): number | null {
    return this._lostSince;
  }

  /** The server has answered, be it with an error of its own. */
  answered(): void {
    this._lastAnswer = this._now();
    if (this._lostSince !== null) {
      this._lostSince = null;
      this.emitChanged();
    }
  }

  /** A request failed. Only where nobody answered, or a proxy said that nobody does, is the connection lost. */
  failed(reason: unknown): void {
    if (!isOutOfReach(toApiError(reason))) {
      this.answered();
    } else if (this._lostSince === null) {
      this._lostSince = this._lastAnswer ?? this._now();
      this.emitChanged();
    }
  }

  /** Ask at once whether the server is back; whoever polls it listens. */
  retry(): void {
    this._onRetry?.();
  }

  /** Set what asks the server. */
  set onRetry(ask: (() => void) | null) {
    this._onRetry = ask;
  }

  private readonly _now: () => number;
  private _lastAnswer: number | null = null;
  private _lostSince: number | null = null;
  private _onRetry: (() => void) | null = null;
}

export namespace ConnectionModel {
  export interface IOptions {
    /** The clock, in milliseconds. */
    now?: () => number;
  }
}

/** What JupyterHub and other proxies answer for a server that is not there. */
const NOBODY_THERE = [502, 503, 504];

function isOutOfReach(error: ApiError): boolean {
  return error.code === 'network' || (error.code === 'http' && NOBODY_THERE.includes(error.status));
}
