import type { IDisposable } from '@lumino/disposable';

import type { ITableClient } from '../../client/table';
import type { IChange, IChanges } from '../changes';
import { Pace } from '../pace';
import type { IRunScope } from '../runQuery';
import { withCondition } from './rowRequest';

/** How often a table asks at most what is new, in ms. */
const PACE = 1000;

const ALL_RUNS: IRunScope = { query: '', notebook: null, experiment: null, trashed: false };

/** What happens to runs while a table shows them: which changed, and how many began since it was asked for. */
export class TableNews implements IDisposable {
  constructor(private readonly _options: TableNews.IOptions) {
    const { changes, project } = _options;
    this._watch = changes.watch(project);
    this._pace = new Pace(() => this.flush(), _options.pace ?? PACE);
    changes.changed.connect(this._onChange, this);
  }

  /** How many runs began since the table was asked for. */
  get pending(): number {
    return this._pending;
  }

  get isDisposed(): boolean {
    return this._watch.isDisposed;
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._options.changes.changed.disconnect(this._onChange, this);
      this._watch.dispose();
      this._pace.dispose();
    }
  }

  /** A scope without the runs that began later. */
  without(scope: IRunScope): IRunScope {
    return this._newest === null ? scope : withCondition(scope, `number <= ${this._newest}`);
  }

  /** From now on, the runs that there are now belong to the table. */
  async catchUp(): Promise<void> {
    this._pending = 0;
    this._newest = null;
    const { client, project } = this._options;
    const request = { scope: ALL_RUNS, order_by: 'number desc', columns: ['number'], limit: 1 };
    try {
      const newest = (await client.window(project, request)).columns[0]?.[0];
      this._newest = typeof newest === 'number' ? newest : 0;
    } catch {
      // The rows' own request says what is wrong.
    }
  }

  /** The table was asked something else: nothing is known to wait for it. */
  reset(): void {
    this._round += 1;
    this._pending = 0;
  }

  /** Some runs have changed; null: any may have. */
  note(ids: readonly string[] | null): void {
    if (ids === null) {
      this._changed = null;
    } else {
      ids.forEach(id => this._changed?.add(id));
    }
  }

  /** Have the table renew what has changed. */
  async flush(): Promise<void> {
    const changed = this._changed;
    this._changed = new Set();
    if (!this.isDisposed) {
      await this._options.onChanged(changed);
    }
  }

  /** Count the runs of a scope that began since the table was asked for. */
  async count(scope: IRunScope): Promise<void> {
    const [round, newest] = [this._round, this._newest];
    if (newest === null) {
      return;
    }
    const { client, project } = this._options;
    const later = withCondition(scope, `number > ${newest}`);
    try {
      const { total } = await client.window(project, { scope: later, limit: 0 });
      const isPresent = round === this._round && newest === this._newest && !this.isDisposed;
      if (isPresent && total !== this._pending) {
        this._pending = total;
        this._options.onPending();
      }
    } catch {
      // The next change counts again.
    }
  }

  private _onChange(_: unknown, change: IChange): void {
    if (change.project === this._options.project && change.runs?.length !== 0) {
      this.note(change.runs?.map(({ id }) => id) ?? null);
      this._pace.soon();
    }
  }

  private readonly _watch: IDisposable;
  private readonly _pace: Pace;
  private _changed: Set<string> | null = new Set();
  private _newest: number | null = null;
  private _pending = 0;
  private _round = 0;
}

export namespace TableNews {
  export interface IOptions {
    client: Pick<ITableClient, 'window'>;
    changes: IChanges;
    project: string;
    /** How often to tell of changes at most, in ms. */
    pace?: number;
    /** These runs have changed; null: any may have. */
    onChanged(ids: ReadonlySet<string> | null): Promise<void>;
    /** Another number of runs waits. */
    onPending(): void;
  }
}
