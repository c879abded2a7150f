import { toApiError } from '../client/errors';
import type { IJobPage, IJobQuery } from '../client/queue';
import type { IClient } from '../client/tokens';
import type { IJob, JobStatus } from '../client/types';
import type { IChange, IChanges } from './changes';
import { type IPolling, Polled } from './polled';

/** How far beyond what can be seen the list reads, and how many jobs one request brings at most. */
const AHEAD = 60;
const LARGEST = 500;

/** The states that a list of jobs can be narrowed to; null: all of them. */
export type JobFilter = JobStatus | null;

/** The jobs of a project for a list of any length: known by the window that can be seen. */
export class JobListModel extends Polled {
  constructor(options: JobListModel.IOptions) {
    // Progress by cell is no change of the store, so that no event tells of it.
    super({ name: 'job-list', interval: 1000, max: 30_000 }, options);
    this._client = options.client;
    this._changes = options.changes;
    this.project = options.project;
    this._watch = this._changes.watch(this.project);
    this._changes.changed.connect(this._onChange, this);
    void this.refresh();
  }

  readonly project: string;

  get filter(): JobFilter {
    return this._filter;
  }

  /** Whether the server has answered for the filter. */
  get isReady(): boolean {
    return this._isReady;
  }

  /** How many jobs the filter lets through. */
  get total(): number {
    return this._total;
  }

  /** How many jobs there are in each state. */
  get counts(): IJobPage['counts'] {
    return this._counts;
  }

  /** How many jobs wait or run. */
  get active(): number {
    return (this._counts.queued ?? 0) + (this._counts.running ?? 0);
  }

  /** The job at a place of the list; undefined while it isn't known. */
  at(index: number): IJob | undefined {
    return this._jobs[index - this._first];
  }

  /** A job that can be seen. */
  find(id: string): IJob | undefined {
    return this._jobs.find(job => job.id === id);
  }

  /** The jobs from one place to another that are known, both included. */
  between(first: number, last: number): IJob[] {
    const [low, high] = first < last ? [first, last] : [last, first];
    return this._jobs.slice(Math.max(0, low - this._first), high - this._first + 1);
  }

  indexOf(id: string): number {
    const place = this._jobs.findIndex(job => job.id === id);
    return place < 0 ? -1 : place + this._first;
  }

  setFilter(filter: JobFilter): void {
    if (filter !== this._filter) {
      this._filter = filter;
      this._jobs = [];
      this._first = 0;
      this._total = 0;
      this._window = { first: 0, last: 40 };
      this._isReady = false;
      this.emitChanged();
      void this.refresh();
    }
  }

  /** Say which rows can be seen. */
  setWindow(first: number, last: number): void {
    this._window = { first, last };
    const end = Math.min(last, this._total - 1);
    if (this._isReady && (first < this._first || end >= this._first + this._jobs.length)) {
      void this.refresh();
    }
  }

  /** Show a newer state of a job at once. */
  update(job: IJob): void {
    this._jobs = this._jobs.map(other => (other.id === job.id ? job : other));
    this.emitChanged();
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._changes.changed.disconnect(this._onChange, this);
      this._watch.dispose();
      super.dispose();
    }
  }

  private _onChange(_: unknown, change: IChange): void {
    if (change.project === this.project && (!change.jobs || change.jobs.length)) {
      void this._poll.refresh();
    }
  }

  private _query(): Required<Pick<IJobQuery, 'offset' | 'limit'>> & IJobQuery {
    const { first, last } = this._window;
    const offset = Math.max(0, first - AHEAD);
    const limit = Math.min(LARGEST, last + AHEAD - offset + 1);
    return { offset, limit, ...(this._filter && { status: this._filter }) };
  }

  protected override async _load(): Promise<void> {
    const filter = this._filter;
    const query = this._query();
    try {
      const page = await this._client.jobPage(this.project, query);
      if (this.isDisposed || filter !== this._filter) {
        return;
      }
      this._jobs = page.jobs;
      this._first = query.offset;
      this._total = page.total;
      this._counts = page.counts;
      this._error = null;
      this._isReady = true;
      const { first, last } = this._window;
      const isShort = first < query.offset || last >= query.offset + query.limit;
      if (isShort && page.jobs.length === query.limit) {
        void this._poll.refresh(); // the user has scrolled on meanwhile
      } else if (!this.active) {
        void this._poll.stop();
      }
      this.emitChanged();
    } catch (error) {
      this._error = toApiError(error);
      this._isReady = true;
      this.emitChanged();
      throw error;
    }
  }

  private readonly _client: Pick<IClient, 'jobPage'>;
  private readonly _changes: IChanges;
  private readonly _watch: { dispose(): void };
  private _filter: JobFilter = null;
  private _window = { first: 0, last: 40 };
  private _jobs: readonly IJob[] = [];
  private _first = 0;
  private _total = 0;
  private _counts: IJobPage['counts'] = {};
  private _isReady = false;
}

export namespace JobListModel {
  export interface IOptions extends IPolling {
    client: Pick<IClient, 'jobPage'>;
    changes: IChanges;
    project: string;
  }
}
