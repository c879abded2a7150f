import { type ApiError, isAbort, toApiError } from '../client/errors';
import type { IRunTarget } from '../client/board';
import type { BoardSource } from './boardSource';
import { Observable } from './observable';

/** Loads something about some runs. */
export type LoadSourced<T> = (target: IRunTarget, signal: AbortSignal) => Promise<T>;

/**
 * What a chart draws, loaded from the server for the runs of a board: anew when these are others or have changed, and
 * only while the chart can be seen. What was there stays until the next has come.
 */
export class Sourced<T> extends Observable {
  constructor(source: BoardSource) {
    super();
    this._source = source;
    this._source.changed.connect(this._onSource, this);
  }

  /** Say what is loaded, and whether for the runs without what was brushed away as well. */
  setLoad(load: LoadSourced<T>, isWide = false): void {
    if (load !== this._load || isWide !== this._isWide) {
      this._load = load;
      this._isWide = isWide;
      this._asked = '';
      this._onSource();
    }
  }

  get value(): T | null {
    return this._value;
  }

  get error(): ApiError | null {
    return this._error;
  }

  get isLoading(): boolean {
    return this._abort !== null;
  }

  /** Say whether the chart can be seen. */
  setVisible(isVisible: boolean): void {
    this._isVisible = isVisible;
    this._onSource();
  }

  /** Ask the server again. */
  refresh(): void {
    this._asked = '';
    this._onSource();
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._source.changed.disconnect(this._onSource, this);
      this._abort?.abort();
      super.dispose();
    }
  }

  private _onSource(): void {
    const target = this._isWide ? this._source.wide : this._source.target;
    const question = JSON.stringify([target, this._source.revision]);
    if (this._load && this._isVisible && question !== this._asked && !this.isDisposed) {
      this._asked = question;
      void this._ask(this._load, target);
    }
  }

  private async _ask(load: LoadSourced<T>, target: IRunTarget): Promise<void> {
    this._abort?.abort();
    const abort = (this._abort = new AbortController());
    this.emitChanged();
    try {
      const value = await load(target, abort.signal);
      if (abort.signal.aborted) {
        return;
      }
      this._value = value;
      this._error = null;
    } catch (error) {
      if (abort.signal.aborted || isAbort(error)) {
        return;
      }
      this._error = toApiError(error);
    }
    this._abort = null;
    this.emitChanged();
  }

  private readonly _source: BoardSource;
  private _load: LoadSourced<T> | null = null;
  private _isWide = false;
  private _abort: AbortController | null = null;
  private _asked = '';
  private _isVisible = false;
  private _value: T | null = null;
  private _error: ApiError | null = null;
}
