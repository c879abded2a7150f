import type { TranslationBundle } from '@jupyterlab/translation';

import { formatDuration, formatExact, formatMoment, formatNumber } from '../../format';
import { type IScale, type ITick, ticksOf, timeTicks } from '../../models/scales';

/** The field of a metric in the search language. */
export function metricField(key: string): string {
  return fieldOf('metrics', key);
}

/** A field of the search language; a key that is more than words with dots stands in back quotes. */
export function fieldOf(prefix: 'metrics' | 'params' | 'tags', key: string): string {
  return /^\w+(?:\.\w+)*$/.test(key)
    ? `${prefix}.${key}`
    : `${prefix}.\`${key.replaceAll('`', '``')}\``;
}

/** What stands under the horizontal axis. */
export function axisTitle(x: string, trans: TranslationBundle): string {
  const titles: Readonly<Record<string, string>> = {
    step: trans.__('step'),
    time: trans.__('time'),
    relative: trans.__('seconds since the start')
  };
  return titles[x] ?? metricKey(x);
}

/** The marks of the horizontal axis. */
export function marksOf(x: string, scale: IScale, pixels: number): ITick[] {
  const most = Math.max(2, Math.floor(pixels / 80));
  if (x === 'time') {
    return timeTicks(scale, Math.max(2, Math.floor(pixels / 110)));
  }
  const marks = ticksOf(scale, most);
  // There is no half a step.
  return x === 'step'
    ? marks.filter(({ value }) => Math.abs(value - Math.round(value)) < 1e-9)
    : marks;
}

/** A place on the horizontal axis as it is read. */
export function placeText(x: string, value: number, trans: TranslationBundle): string {
  switch (x) {
    case 'step':
      return trans.__('step %1', formatExact(value));
    case 'time':
      return formatMoment(new Date(value * 1000).toISOString());
    case 'relative':
      return formatDuration(value);
    default:
      return `${metricKey(x)} ${formatNumber(value)}`;
  }
}

function metricKey(field: string): string {
  return field
    .replace(/^metrics\./, '')
    .replace(/^`(.*)`$/, '$1')
    .replaceAll('``', '`');
}
