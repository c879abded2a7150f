import type { IDisposable } from '@lumino/disposable';

import { type ApiError, toApiError } from '../client/errors';
import type { IClient } from '../client/tokens';
import type { ISeries } from '../client/types';
import type { IChange, IChanges } from './changes';
import { FollowingModel, concerns } from './following';

/** The points of one metric in some runs: as many as can be drawn, kept up to date while the runs live. */
export class CurveModel extends FollowingModel {
  constructor(options: CurveModel.IOptions) {
    super(options.changes, options.project, options.limit ?? 500);
    this._client = options.client;
    this.runs = options.runs;
    this.key = options.key;
  }

  readonly runs: readonly string[];
  readonly key: string;

  /** The series, in the order of the runs; null until the first answer. */
  get series(): readonly ISeries[] | null {
    return this._series;
  }

  get error(): ApiError | null {
    return this._error;
  }

  /** Say how wide the chart is, in pixels; 0 when it can't be seen. More pixels ask for more points. */
  setWidth(pixels: number): void {
    const points = pixels > 0 ? Math.min(4000, Math.max(200, Math.ceil(pixels / 100) * 100)) : 0;
    const isMore = points > this._asked;
    this._points = points;
    if (points && (isMore || this._isStale)) {
      void this.refresh();
    }
  }

  protected override onChange(change: IChange): void {
    if (concerns(change, this.runs)) {
      this._isStale = true;
      if (this._points) {
        this.refreshSoon();
      }
    }
  }

  override async refresh(): Promise<void> {
    const { key, runs } = this;
    const maxPoints = this._points;
    if (!maxPoints) {
      return;
    }
    this._asked = maxPoints;
    this._isStale = false;
    try {
      const series = await this._client.series(this.project, { key, runs, maxPoints });
      if (this.isDisposed) {
        return;
      }
      this._series = series;
      this._error = null;
    } catch (error) {
      this._error = toApiError(error);
    }
    this.emitChanged();
  }

  private readonly _client: Pick<IClient, 'series'>;
  private _points = 0;
  private _asked = 0;
  private _isStale = true;
  private _series: readonly ISeries[] | null = null;
  private _error: ApiError | null = null;
}

export namespace CurveModel {
  export interface IOptions {
    client: Pick<IClient, 'series'>;
    changes: IChanges;
    project: string;
    runs: readonly string[];
    key: string;
    /** How often to ask at most while a run lives, in ms. */
    limit?: number;
  }
}

/** Makes the models of the curves of some runs, one a metric. */
export class CurveBoard implements IDisposable {
  constructor(options: Omit<CurveModel.IOptions, 'key'>) {
    this._options = options;
  }

  get runs(): readonly string[] {
    return this._options.runs;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** The curves of a metric; the same model each time. */
  get(key: string): CurveModel {
    let model = this._models.get(key);
    if (!model) {
      model = new CurveModel({ ...this._options, key });
      this._models.set(key, model);
    }
    return model;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._models.forEach(model => model.dispose());
      this._models.clear();
    }
  }

  private readonly _options: Omit<CurveModel.IOptions, 'key'>;
  private readonly _models = new Map<string, CurveModel>();
  private _isDisposed = false;
}
