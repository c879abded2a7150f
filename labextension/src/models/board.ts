import { UUID } from '@lumino/coreutils';

import type { JsonValue } from '../client/types';
import { Observable } from './observable';

/** What a chart draws and how; each kind has its own. */
export type ChartOptions = Readonly<Record<string, JsonValue>>;

/** One chart of a board. `width` counts columns of the board, `height` pixels of the drawing. */
export interface IChart {
  readonly id: string;
  readonly kind: string;
  /** What the user called it; null: what its kind calls it. */
  readonly title: string | null;
  readonly options: ChartOptions;
  readonly width: number;
  readonly height: number;
}

/** The parts of a chart that can be left out where one is added. */
export type NewChart = Pick<IChart, 'kind' | 'options'> & Partial<IChart>;

export const MOST_CHARTS = 60;
export const MOST_WIDTH = 4;
export const LEAST_HEIGHT = 120;
export const MOST_HEIGHT = 1200;
const HEIGHT = 260;
const FORMAT = 1;

/** A board: charts in their order. It knows nothing of what they draw. */
export class BoardModel extends Observable {
  get charts(): readonly IChart[] {
    return this._charts;
  }

  get(id: string): IChart | undefined {
    return this._charts.find(chart => chart.id === id);
  }

  /** Add a chart at the end, or at a place; returns it, or null when the board is full. */
  add(chart: NewChart, place = this._charts.length): IChart | null {
    if (this._charts.length >= MOST_CHARTS) {
      return null;
    }
    const added: IChart = {
      title: null,
      width: 1,
      height: HEIGHT,
      ...chart,
      id: UUID.uuid4()
    };
    this._set([...this._charts.slice(0, place), added, ...this._charts.slice(place)]);
    return added;
  }

  /** Take a chart away; it can be brought back. */
  remove(id: string): void {
    const place = this._place(id);
    if (place >= 0) {
      this._removed = { chart: this._charts[place], place };
      this._set(this._charts.filter(chart => chart.id !== id));
    }
  }

  /** The chart that was taken away last, until another change of the board. */
  get removed(): IChart | null {
    return this._removed?.chart ?? null;
  }

  /** Bring back the chart that was taken away last. */
  restore(): void {
    if (this._removed) {
      const { chart, place } = this._removed;
      this._removed = null;
      this._set([...this._charts.slice(0, place), chart, ...this._charts.slice(place)]);
    }
  }

  /** Let go of the chart that was taken away last. */
  forget(): void {
    if (this._removed) {
      this._removed = null;
      this.emitChanged();
    }
  }

  /** Put a copy of a chart behind it. */
  duplicate(id: string): IChart | null {
    const place = this._place(id);
    return place < 0 ? null : this.add(this._charts[place], place + 1);
  }

  /** Move a chart to a place among the others, from 0. */
  move(id: string, to: number): void {
    const from = this._place(id);
    const place = clamp(to, 0, this._charts.length - 1);
    if (from >= 0 && from !== place) {
      const charts = [...this._charts];
      charts.splice(place, 0, ...charts.splice(from, 1));
      this._set(charts);
    }
  }

  resize(id: string, width: number, height: number): void {
    this._change(id, {
      width: clamp(Math.round(width), 1, MOST_WIDTH),
      height: clamp(Math.round(height), LEAST_HEIGHT, MOST_HEIGHT)
    });
  }

  rename(id: string, title: string): void {
    this._change(id, { title: title.trim() || null });
  }

  /** Change some of a chart's options. */
  setOptions(id: string, options: ChartOptions): void {
    const chart = this.get(id);
    if (chart) {
      this._change(id, { options: { ...chart.options, ...options } });
    }
  }

  clear(): void {
    this._removed = null;
    this._set([]);
  }

  /** The board as it is saved. */
  toJSON(): { [key: string]: JsonValue } {
    const charts = this._charts.map(({ kind, title, options, width, height }) => ({
      kind,
      title,
      options: { ...options },
      width,
      height
    }));
    return { format: FORMAT, charts };
  }

  /** Show a saved board; what is none shows nothing of it, and what is no chart in it is left out. */
  load(content: JsonValue): void {
    const list = isRecord(content) && Array.isArray(content.charts) ? content.charts : [];
    this._removed = null;
    this._set(list.map(readChart).filter((chart): chart is IChart => chart !== null));
  }

  private _place(id: string): number {
    return this._charts.findIndex(chart => chart.id === id);
  }

  private _change(id: string, change: Partial<IChart>): void {
    const chart = this.get(id);
    if (chart && JSON.stringify({ ...chart, ...change }) !== JSON.stringify(chart)) {
      this._set(this._charts.map(other => (other.id === id ? { ...other, ...change } : other)));
    }
  }

  private _set(charts: readonly IChart[]): void {
    this._charts = charts;
    this.emitChanged();
  }

  private _charts: readonly IChart[] = [];
  private _removed: { chart: IChart; place: number } | null = null;
}

function readChart(value: JsonValue): IChart | null {
  if (!isRecord(value) || typeof value.kind !== 'string') {
    return null;
  }
  const { kind, title, options, width, height } = value;
  return {
    id: UUID.uuid4(),
    kind,
    title: typeof title === 'string' && title ? title : null,
    options: isRecord(options ?? null) ? (options as ChartOptions) : {},
    width: typeof width === 'number' ? clamp(Math.round(width), 1, MOST_WIDTH) : 1,
    height: typeof height === 'number' ? clamp(height, LEAST_HEIGHT, MOST_HEIGHT) : HEIGHT
  };
}

function isRecord(value: JsonValue): value is { [key: string]: JsonValue } {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
