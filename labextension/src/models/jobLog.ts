import { toApiError } from '../client/errors';
import type { IClient } from '../client/tokens';
import { type IPolling, Polled } from './polled';

/** How many characters of a log are kept; the earlier ones are let go. */
const KEPT = 500_000;

/** What the processes of a job say, followed from the beginning until the job has ended. */
export class JobLogModel extends Polled {
  constructor(options: JobLogModel.IOptions) {
    super({ name: 'job-log', interval: 1000, max: 30_000, auto: true }, options);
    this._options = options;
  }

  get text(): string {
    return this._text;
  }

  /** Whether the beginning was let go. */
  get isCut(): boolean {
    return this._isCut;
  }

  /** Whether the server has answered. */
  get isReady(): boolean {
    return this._isReady;
  }

  /** Whether nothing will be added. */
  get isComplete(): boolean {
    return this._isComplete;
  }

  protected override async _load(): Promise<void> {
    const { client, project, job } = this._options;
    try {
      const part = await client.jobLog(project, job, this._offset);
      if (this.isDisposed) {
        return;
      }
      const text = this._text + part.text;
      this._isCut ||= text.length > KEPT;
      this._text = text.slice(-KEPT);
      const isMore = part.offset > this._offset;
      this._offset = part.offset;
      this._isReady = true;
      this._isComplete = part.complete && !isMore;
      this._error = null;
      if (this._isComplete) {
        void this._poll.stop();
      } else if (isMore) {
        void this._poll.refresh();
      }
      this.emitChanged();
    } catch (error) {
      this._error = toApiError(error);
      this._isReady = true;
      this.emitChanged();
      throw error;
    }
  }

  private readonly _options: JobLogModel.IOptions;
  private _text = '';
  private _offset = 0;
  private _isCut = false;
  private _isReady = false;
  private _isComplete = false;
}

export namespace JobLogModel {
  export interface IOptions extends IPolling {
    client: Pick<IClient, 'jobLog'>;
    project: string;
    job: string;
  }
}
