import type { IComparison } from '../client/compare';
import { type ApiError, toApiError } from '../client/errors';
import type { IClient } from '../client/tokens';
import type { IChange, IChanges } from './changes';
import { FollowingModel, concerns } from './following';

/** What differs between some runs, kept up to date while they live. */
export class CompareModel extends FollowingModel {
  constructor(options: CompareModel.IOptions) {
    super(options.changes, options.project, options.limit ?? 1000);
    this._client = options.client;
    this._runs = options.runs;
    void this.refresh();
  }

  /** The ids of the runs, in the order of the columns. */
  get runs(): readonly string[] {
    return this._runs;
  }

  /** Take a run out of the comparison; two stay at least. */
  remove(id: string): void {
    if (this._runs.length > 2 && this._runs.includes(id)) {
      this._runs = this._runs.filter(other => other !== id);
      this.emitChanged();
      void this.refresh();
    }
  }

  /** The run that the others are compared with: the first. */
  get baseline(): string {
    return this._runs[0];
  }

  /** Compare the others with this run: it becomes the first. */
  setBaseline(id: string): void {
    this.move(id, 0);
  }

  /** Give a run another place among the columns. */
  move(id: string, place: number): void {
    const rest = this._runs.filter(other => other !== id);
    const at = Math.max(0, Math.min(place, rest.length));
    const runs = [...rest.slice(0, at), id, ...rest.slice(at)];
    if (this._runs.includes(id) && runs.some((other, index) => other !== this._runs[index])) {
      this._runs = runs;
      this.emitChanged();
      void this.refresh();
    }
  }

  get comparison(): IComparison | null {
    return this._comparison;
  }

  get error(): ApiError | null {
    return this._error;
  }

  /** Whether rows that are equal in all runs are shown, too. */
  get all(): boolean {
    return this._all;
  }

  /** The one-line names of all metrics, those that are equal in all runs included. */
  get keys(): readonly string[] {
    return [...this._keys];
  }

  /** Show the rows that are equal in all runs, or leave them out. */
  showAll(all: boolean): void {
    if (all !== this._all) {
      this._all = all;
      this.emitChanged();
      void this.refresh();
    }
  }

  protected override onChange(change: IChange): void {
    if (concerns(change, this._runs)) {
      this.refreshSoon();
    }
  }

  override async refresh(): Promise<void> {
    const [runs, all] = [this._runs, this._all];
    try {
      const comparison = await this._client.compare(this.project, runs, all);
      if (!this._keys.size && !all) {
        const whole = await this._client.compare(this.project, runs, true);
        whole.metrics.forEach(row => this._keys.add(row.key));
      }
      if (this.isDisposed || runs !== this._runs || all !== this._all) {
        return;
      }
      comparison.metrics.forEach(row => this._keys.add(row.key));
      this._comparison = comparison;
      this._error = null;
    } catch (error) {
      this._error = toApiError(error);
    }
    this.emitChanged();
  }

  private readonly _client: Pick<IClient, 'compare'>;
  private _runs: readonly string[];
  private _comparison: IComparison | null = null;
  private _error: ApiError | null = null;
  private _all = false;
  private readonly _keys = new Set<string>();
}

export namespace CompareModel {
  export interface IOptions {
    client: Pick<IClient, 'compare'>;
    changes: IChanges;
    project: string;
    runs: readonly string[];
    /** How often to ask at most while a run lives, in ms. */
    limit?: number;
  }
}
