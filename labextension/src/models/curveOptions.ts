import { Observable } from './observable';

/** What lies around the mean of a group: from the lowest to the highest run, or one standard deviation. */
export type BandKind = 'range' | 'deviation';

/** How curves are drawn. */
export interface ICurveSettings {
  /** `step`, `time`, `relative`, or a metric as `metrics.tokens`. */
  x: string;
  isLogX: boolean;
  isLogY: boolean;
  /** The weight of what came before, from 0 (none) to below 1. */
  smoothing: number;
  /** Whether the range of the values that one pixel stands for is drawn. */
  hasEnvelope: boolean;
  /** The field of runs whose equal values make a group, null for each run alone. */
  groupBy: string | null;
  band: BandKind;
  /** Whether each context has a chart of its own. */
  hasFacets: boolean;
}

export const CURVE_DEFAULTS: ICurveSettings = {
  x: 'step',
  isLogX: false,
  isLogY: false,
  smoothing: 0,
  hasEnvelope: true,
  groupBy: null,
  band: 'range',
  hasFacets: false
};

/** How the curves of a page are drawn, and which of them are hidden; one for all of its charts. */
export class CurveOptions extends Observable {
  constructor(settings: Partial<ICurveSettings> = {}) {
    super();
    this._settings = { ...CURVE_DEFAULTS, ...settings };
  }

  get settings(): ICurveSettings {
    return this._settings;
  }

  set(change: Partial<ICurveSettings>): void {
    const settings = { ...this._settings, ...change };
    if (JSON.stringify(settings) !== JSON.stringify(this._settings)) {
      if (settings.groupBy !== this._settings.groupBy) {
        this._hidden = new Set();
      }
      this._settings = settings;
      this.emitChanged();
    }
  }

  /** Whether the curves of a run (by its id) or of a group (by its value as JSON) are hidden. */
  isHidden(owner: string): boolean {
    return this._hidden.has(owner);
  }

  /** Hide the curves of a run or group, or show them again. */
  toggle(owner: string): void {
    const hidden = new Set(this._hidden);
    if (!hidden.delete(owner)) {
      hidden.add(owner);
    }
    this._hidden = hidden;
    this.emitChanged();
  }

  /** Show one of all owners alone; all of them where it is alone already. */
  isolate(owner: string, all: readonly string[]): void {
    const others = all.filter(other => other !== owner);
    const isAlone = !this.isHidden(owner) && others.every(other => this.isHidden(other));
    this._hidden = new Set(isAlone ? [] : others);
    this.emitChanged();
  }

  private _settings: ICurveSettings;
  private _hidden: ReadonlySet<string> = new Set();
}
