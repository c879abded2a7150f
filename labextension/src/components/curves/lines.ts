import type { TranslationBundle } from '@jupyterlab/translation';

import type { ICurve, ICurvePage } from '../../client/curves';
import type { JsonValue, MetricContext } from '../../client/types';
import { formatValue, seriesName } from '../../format';
import { type ColoursModel, DASHES, PALETTE_SIZE } from '../../models/colours';
import type { ICurveView } from '../../models/curveChart';
import { curveName, ownerOf } from '../../models/curveData';
import type { ICurveSettings } from '../../models/curveOptions';
import { smooth } from './smoothing';

export type Dash = (typeof DASHES)[number];

/** A curve as it is drawn. */
export interface ILine {
  /** What tells it from the other lines. */
  name: string;
  /** The run's id, or the group's value as JSON. */
  owner: string;
  label: string;
  /** The CSS custom property that holds the colour. */
  colour: string;
  dash: Dash;
  curve: ICurve;
  /** What the line goes through: the values, or their moving mean. */
  values: readonly number[];
  /** The values themselves, drawn thin behind their moving mean. */
  raw: readonly number[] | null;
  /** The lower and upper border of what lies around the line. */
  low: readonly number[] | null;
  high: readonly number[] | null;
}

/** What a line belongs to, for a legend. */
export interface IOwner {
  owner: string;
  label: string;
  colour: string;
  dash: Dash;
}

/** What a run is called in charts. */
export function runLabel(page: ICurvePage, id: string): string {
  const run = page.runs.find(other => other.id === id);
  return run ? `${run.experiment} #${run.number}` : '';
}

/** The contexts (and, where there are several, the keys) of curves, in the order of their dashes. */
export function variantsOf(curves: readonly ICurve[]): string[] {
  const keys = new Set(curves.map(curve => curve.key));
  return [...new Set(curves.map(curve => variantOf(curve, keys.size > 1)))].sort();
}

/** The lines of a chart: the colour tells the run or group, the dash the context. */
export function makeLines(
  view: ICurveView,
  overview: ICurveView,
  settings: ICurveSettings,
  colours: ColoursModel,
  trans: TranslationBundle
): ILine[] {
  const { page } = view;
  const variants = variantsOf(overview.page.curves);
  const isSeveral = new Set(overview.page.curves.map(curve => curve.key)).size > 1;
  const whole = new Map(overview.page.curves.map(curve => [curveName(curve), curve]));
  const owners = new Map(ownersOf(overview, colours, trans).map(owner => [owner.owner, owner]));
  return page.curves.flatMap(curve => {
    const owner = owners.get(ownerOf(curve));
    if (!owner) {
      return [];
    }
    const variant = variantOf(curve, isSeveral);
    const place = Math.max(0, variants.indexOf(variant));
    const values = smooth(curve, whole.get(curveName(curve)) ?? curve, settings.smoothing);
    const { low, high } = bordersOf(curve, settings);
    return {
      ...owner,
      name: curveName(curve),
      label: [owner.label, variant].filter(Boolean).join(' '),
      dash: DASHES[(DASHES.indexOf(owner.dash) + place) % DASHES.length],
      curve,
      values,
      raw: values === curve.values ? null : curve.values,
      low,
      high
    };
  });
}

/** Whose lines there are, in order. */
export function ownersOf(
  view: ICurveView,
  colours: ColoursModel,
  trans: TranslationBundle
): IOwner[] {
  const owners = new Map<string, IOwner>();
  for (const curve of view.page.curves) {
    const owner = ownerOf(curve);
    if (owners.has(owner)) {
      continue;
    }
    if (curve.run_id !== null) {
      const { variable, dash } = colours.get(owner);
      owners.set(owner, { owner, label: runLabel(view.page, owner), colour: variable, dash });
    } else {
      // A group is no run: it takes the colours of the palette in order.
      const place = owners.size;
      owners.set(owner, {
        owner,
        label: groupLabel(view.groupBy ?? '', curve.group, trans),
        colour: `--trackbook-run-${(place % PALETTE_SIZE) + 1}`,
        dash: DASHES[Math.floor(place / PALETTE_SIZE) % DASHES.length]
      });
    }
  }
  return [...owners.values()];
}

/** A context on one line. */
export function contextText(context: MetricContext): string {
  return Object.entries(context)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

function variantOf(curve: ICurve, isSeveral: boolean): string {
  return isSeveral ? seriesName(curve.key, curve.context) : contextText(curve.context);
}

function groupLabel(field: string, value: JsonValue, trans: TranslationBundle): string {
  const name = field.replace(/^(?:params|tags)\./, '').replaceAll('`', '');
  return value === null ? trans.__('%1 missing', name) : `${name} ${formatValue(value)}`;
}

function bordersOf(curve: ICurve, settings: ICurveSettings): Pick<ILine, 'low' | 'high'> {
  const { min, max, std, values } = curve;
  if (curve.run_id === null && settings.band === 'deviation' && std) {
    return {
      low: values.map((value, place) => value - std[place]),
      high: values.map((value, place) => value + std[place])
    };
  }
  const isShown = curve.run_id === null || settings.hasEnvelope;
  return isShown ? { low: min, high: max } : { low: null, high: null };
}
