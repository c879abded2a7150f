import type { IDisposable } from '@lumino/disposable';

import type { IRunTarget } from '../client/board';
import type { ICurvePage, ICurveQuery } from '../client/curves';
import { type ApiError, isAbort, toApiError } from '../client/errors';
import type { IClient } from '../client/tokens';
import type { IChange, IChanges } from './changes';
import { append, shortestEnd } from './curveData';
import type { CurveOptions } from './curveOptions';
import { Observable } from './observable';

/** A part of the horizontal axis. */
export interface IWindow {
  from: number;
  to: number;
}

/** Curves, and over what they were asked for. */
export interface ICurveView {
  page: ICurvePage;
  x: string;
  isLogX: boolean;
  groupBy: string | null;
}

/** The server takes no more runs by their ids. */
const MOST_RUNS = 200;
/** What only grows at its end while a run lives. */
const GROWING = ['step', 'time', 'relative'];
/** What live updates may cost, as a share of the time that passes. */
const SHARE = 1 / 15;
/** How long a window stays in its place before its points are asked for, in ms. */
const SETTLED = 100;

/**
 * The curves of a chart, as many points as it has pixels: of all that there is, and beside it of the window into which
 * the user has zoomed, in full detail. Kept up to date while the runs live, at a fixed share of the time.
 */
export class CurveChartModel extends Observable {
  constructor(options: CurveChartModel.IOptions) {
    super();
    this._client = options.client;
    this._changes = options.changes;
    this._project = options.project;
    this._options = options.options;
    this._source = options.source;
    this._limit = options.limit ?? 1000;
    this.keys = options.keys;
    this._watch = this._changes.watch(this._project);
    this._changes.changed.connect(this._onChange, this);
    this._options.changed.connect(this._onOptions, this);
  }

  readonly keys: readonly string[];

  /** All of the curves; null until the first answer. */
  get overview(): ICurveView | null {
    return this._overview;
  }

  /** The curves within the window; null until they have come, or without a window. */
  get detail(): ICurveView | null {
    return this._detail;
  }

  /** The part of the horizontal axis that the user has zoomed into. */
  get window(): IWindow | null {
    return this._window;
  }

  /** What is drawn: the detail of the window, or what is known of all until that has come. */
  get view(): ICurveView | null {
    return this._detail ?? this._overview;
  }

  get isLoading(): boolean {
    return this._abort !== null;
  }

  get error(): ApiError | null {
    return this._error;
  }

  /** Take the curves of others. */
  setSource(source: IRunTarget): void {
    if (JSON.stringify(source) !== JSON.stringify(this._source)) {
      this._source = source;
      this._reload();
    }
  }

  /** Say how wide the chart is, in pixels; 0 when it can't be seen. More pixels ask for more points. */
  setWidth(pixels: number): void {
    const points = pixels > 0 ? Math.min(2000, Math.max(200, Math.ceil(pixels / 100) * 100)) : 0;
    this._points = points;
    if (points > this._asked) {
      this._isOverviewStale = true;
      this._isStale = true;
    }
    if (points && this._isStale) {
      this._ask();
    }
  }

  /**
   * Show a part of the horizontal axis; what lies in it comes in full detail. While the window `isMoving`, that is not
   * asked for at each place.
   */
  zoom(window: IWindow, isMoving = false): void {
    if (window.from < window.to && JSON.stringify(window) !== JSON.stringify(this._window)) {
      this._window = window;
      if (isMoving) {
        clearTimeout(this._timer);
        this._timer = setTimeout(() => this._ask(), SETTLED);
      } else {
        this._ask();
      }
      this.emitChanged();
    }
  }

  /** Show all again. */
  reset(): void {
    if (this._window) {
      this._window = null;
      this._detail = null;
      this._abort?.abort();
      this._abort = null;
      if (this._isOverviewStale) {
        this._ask();
      }
      this.emitChanged();
    }
  }

  /** Ask the server again. */
  refresh(): void {
    this._isOverviewStale = true;
    this._ask();
  }

  /** Say how long it took to draw what came, in ms; live updates come the more seldom the longer. */
  drawn(ms: number): void {
    this._drawing = ms;
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._changes.changed.disconnect(this._onChange, this);
      this._options.changed.disconnect(this._onOptions, this);
      this._watch.dispose();
      this._abort?.abort();
      clearTimeout(this._timer);
      super.dispose();
    }
  }

  private _onOptions(): void {
    const { x, isLogX, groupBy } = this._options.settings;
    const { view } = this;
    if (!view || view.x !== x || view.isLogX !== isLogX || view.groupBy !== groupBy) {
      if (view && view.x !== x) {
        this._window = null;
      }
      this._reload();
    }
  }

  private _reload(): void {
    this._detail = null;
    this._isOverviewStale = true;
    this._isStale = true;
    this._ask();
    this.emitChanged();
  }

  private _onChange(_: unknown, change: IChange): void {
    if (change.project !== this._project || change.runs?.length === 0) {
      return;
    }
    const source = this._source;
    if ('runs' in source && change.runs) {
      const own = change.runs.map(run => run.id).filter(id => source.runs.includes(id));
      if (!own.length) {
        return;
      }
      own.forEach(id => this._news.add(id));
    } else {
      this._isOverviewStale = true;
    }
    this._isStale = true;
    this._schedule();
  }

  /** Ask when it is time to, and somebody looks. */
  private _schedule(): void {
    if (this._points && this._timer === undefined && !this._abort && !this.isDisposed) {
      const rest = Math.max(this._limit, (this._asking + this._drawing) / SHARE);
      const wait = Math.max(0, this._answered + rest - performance.now());
      this._timer = setTimeout(() => {
        this._timer = undefined;
        if (this._isStale) {
          this._ask();
        }
      }, wait);
    }
  }

  /** Ask for what is needed now; what was asked for before is not waited for. */
  private _ask(): void {
    if (this._points && !this.isDisposed) {
      clearTimeout(this._timer);
      this._timer = undefined;
      this._abort?.abort();
      const abort = (this._abort = new AbortController());
      void this._load(abort);
    } else {
      this._isStale = true;
    }
  }

  private async _load(abort: AbortController): Promise<void> {
    const { _news: changed, _window: window } = this;
    this._news = new Set();
    this._isStale = false;
    const began = performance.now();
    try {
      if (window && this._overview && !this._isOther(this._overview)) {
        const detail = await this._read(abort, { ...window });
        this._isOverviewStale ||= changed.size > 0;
        this._detail = detail;
      } else if (this._overview && !this._isOverviewStale && !this._isOther(this._overview)) {
        await this._readNews(abort, this._overview, [...changed]);
      } else {
        this._asked = this._points;
        this._overview = await this._read(abort, {});
        this._isOverviewStale = false;
      }
      this._error = null;
    } catch (error) {
      if (abort.signal.aborted || isAbort(error)) {
        changed.forEach(id => this._news.add(id));
        this._isStale ||= changed.size > 0;
        return;
      }
      this._error = toApiError(error);
      this._isOverviewStale = true;
    }
    this._answered = performance.now();
    this._asking = this._answered - began;
    this._abort = null;
    if (!this._error && this._isUnfinished) {
      this._ask();
    } else if (this._isStale) {
      this._schedule();
    }
    this.emitChanged();
  }

  /** Whether there is a window whose curves have not come, or curves of which too much came to be put to what was there. */
  private get _isUnfinished(): boolean {
    return this._window ? !this._detail : this._isOverviewStale;
  }

  private async _read(abort: AbortController, more: Partial<ICurveQuery>): Promise<ICurveView> {
    const { x, isLogX, groupBy } = this._options.settings;
    const source = this._source;
    const page = await this._client.curves(
      this._project,
      {
        keys: this.keys,
        ...('runs' in source ? { runs: source.runs.slice(0, MOST_RUNS) } : source),
        x,
        scale: isLogX ? 'log' : 'linear',
        ...(groupBy === null ? {} : { group_by: groupBy }),
        max_points: this._points,
        ...more
      },
      abort.signal
    );
    if (abort.signal.aborted) {
      throw abort.signal.reason ?? new Error('aborted');
    }
    // A run that is gone is missed by nobody; one that was not asked for is.
    const left = 'runs' in source ? Math.max(0, source.runs.length - MOST_RUNS) : 0;
    const total = 'runs' in source ? page.runs.length + left : page.total;
    return { page: { ...page, total }, x, isLogX, groupBy };
  }

  /** Read what runs have got since, and put it behind what is known; where that can't be, all is read again. */
  private async _readNews(
    abort: AbortController,
    known: ICurveView,
    runs: readonly string[]
  ): Promise<void> {
    const canGrow = known.groupBy === null && GROWING.includes(known.x);
    const from = canGrow && runs.length ? shortestEnd(known.page, runs) : null;
    const news = await this._read(abort, from === null ? {} : { runs, from });
    const page = from === null ? news.page : append(known.page, news.page, from, 3 * this._asked);
    if (page) {
      this._overview = { ...news, page };
    } else {
      this._isOverviewStale = true;
    }
  }

  /** Whether curves were asked for over something else than what is wanted now. */
  private _isOther(view: ICurveView): boolean {
    const { x, isLogX, groupBy } = this._options.settings;
    return view.x !== x || view.isLogX !== isLogX || view.groupBy !== groupBy;
  }

  private readonly _client: Pick<IClient, 'curves'>;
  private readonly _changes: IChanges;
  private readonly _project: string;
  private readonly _options: CurveOptions;
  private readonly _limit: number;
  private readonly _watch: IDisposable;
  private _source: IRunTarget;
  private _points = 0;
  private _asked = 0;
  private _isStale = true;
  private _isOverviewStale = true;
  private _news = new Set<string>();
  private _abort: AbortController | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _answered = -Infinity;
  private _asking = 0;
  private _drawing = 0;
  private _window: IWindow | null = null;
  private _overview: ICurveView | null = null;
  private _detail: ICurveView | null = null;
  private _error: ApiError | null = null;
}

export namespace CurveChartModel {
  export interface IOptions {
    client: Pick<IClient, 'curves'>;
    changes: IChanges;
    project: string;
    source: IRunTarget;
    keys: readonly string[];
    options: CurveOptions;
    /** How often to ask at most while a run lives, in ms. */
    limit?: number;
  }
}
