import { Debouncer } from '@lumino/polling';

import { type ApiError, toApiError } from '../client/errors';
import type { ISharing, ISharingQuestion } from '../client/sweeps';
import type { IClient } from '../client/tokens';
import { Observable } from './observable';

/** Which cells the trials of a sweep would share, asked anew some moments after what is swept has changed. */
export class SharedCells extends Observable {
  constructor(options: SharedCells.IOptions) {
    super();
    this._client = options.client;
    this._delay = new Debouncer(() => this._ask(), options.delay ?? 250);
  }

  /** What is known of the last question; null before its answer. */
  get sharing(): ISharing | null {
    return this._sharing;
  }

  /** Why the last question has no answer. */
  get error(): ApiError | null {
    return this._error;
  }

  /** Find out what the trials of this sweep share; null: of none. The same question is asked once only. */
  want(project: string | null, question: ISharingQuestion | null): void {
    const key = project === null || !question ? null : JSON.stringify([project, question]);
    if (key === this._key) {
      return;
    }
    this._key = key;
    this._wanted = project === null || !question ? null : { project, question };
    if (this._wanted) {
      void this._delay.invoke().catch(() => undefined);
    } else {
      this._show(null, null);
    }
  }

  /** Take what is known for outdated: the notebook was saved. */
  forget(): void {
    this._key = null;
  }

  override dispose(): void {
    this._delay.dispose();
    super.dispose();
  }

  private async _ask(): Promise<void> {
    const wanted = this._wanted;
    if (!wanted) {
      return;
    }
    let answer: ISharing | null = null;
    let failure: ApiError | null = null;
    try {
      answer = await this._client.sharing(wanted.project, wanted.question);
    } catch (error) {
      failure = toApiError(error);
    }
    if (wanted === this._wanted) {
      this._show(answer, failure);
    }
  }

  private _show(sharing: ISharing | null, error: ApiError | null): void {
    if (sharing !== this._sharing || error !== this._error) {
      this._sharing = sharing;
      this._error = error;
      this.emitChanged();
    }
  }

  private readonly _client: Pick<IClient, 'sharing'>;
  private readonly _delay: Debouncer;
  private _key: string | null = null;
  private _wanted: { project: string; question: ISharingQuestion } | null = null;
  private _sharing: ISharing | null = null;
  private _error: ApiError | null = null;
}

export namespace SharedCells {
  export interface IOptions {
    client: Pick<IClient, 'sharing'>;
    /** How long nothing may have changed before the server is asked, in milliseconds. */
    delay?: number;
  }
}
