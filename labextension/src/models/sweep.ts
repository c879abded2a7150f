import { toApiError } from '../client/errors';
import type { ISweepDetail } from '../client/sweeps';
import type { IClient } from '../client/tokens';
import type { IChange, IChanges } from './changes';
import { type IPolling, Polled } from './polled';
import { SelectionModel } from './selection';
import { isGoing } from './sweeps';
import { type ITrialOrder, sortTrials, type Trials } from './trials';

/** One sweep with its trials, kept up to date while it goes on. */
export class SweepModel extends Polled {
  constructor(options: SweepModel.IOptions) {
    super({ name: 'sweep', interval: 1000, max: 30_000 }, options);
    this._client = options.client;
    this._changes = options.changes;
    this.project = options.project;
    this.id = options.id;
    this._watch = this._changes.watch(this.project);
    this._changes.changed.connect(this._onChange, this);
    void this.refresh();
  }

  readonly project: string;
  readonly id: string;
  /** The ids of the runs of the trials that are selected. */
  readonly selection = new SelectionModel();

  /** What is known; null until the first answer. */
  get sweep(): ISweepDetail | null {
    return this._sweep;
  }

  /** The trials in the order that is asked for. */
  get trials(): Trials {
    return this._trials;
  }

  get order(): ITrialOrder {
    return this._order;
  }

  /** Order the trials by a column; by the same one once more, the other way round. */
  sortBy(column: string): void {
    const { order } = this;
    const isReverse = order.column === column ? !order.isReverse : false;
    this._order = { column, isReverse };
    this._sort();
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
    if (change.project === this.project && !(this._sweep && isGoing(this._sweep))) {
      void this._poll.refresh();
    }
  }

  private _sort(): void {
    this._trials = this._sweep ? sortTrials(this._sweep, this._order) : [];
  }

  protected override async _load(): Promise<void> {
    try {
      const sweep = await this._client.sweep(this.project, this.id);
      if (this.isDisposed) {
        return;
      }
      const isSame = JSON.stringify(sweep) === JSON.stringify(this._sweep) && !this._error;
      this._error = null;
      if (!isGoing(sweep)) {
        void this._poll.stop();
      }
      if (!isSame) {
        this._sweep = sweep;
        this._sort();
        this.emitChanged();
      }
    } catch (error) {
      this._error = toApiError(error);
      this.emitChanged();
      throw error;
    }
  }

  private readonly _client: Pick<IClient, 'sweep'>;
  private readonly _changes: IChanges;
  private readonly _watch: { dispose(): void };
  private _order: ITrialOrder = { column: 'trial', isReverse: true };
  private _sweep: ISweepDetail | null = null;
  private _trials: Trials = [];
}

export namespace SweepModel {
  export interface IOptions extends IPolling {
    client: Pick<IClient, 'sweep'>;
    changes: IChanges;
    project: string;
    id: string;
  }
}
