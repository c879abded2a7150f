import type { Layout, LayoutAxis } from 'plotly.js';

import type { ITableColumn } from '../../client/table';
import type { JsonValue } from '../../client/types';
import { DASHES, type ColoursModel, PALETTE_SIZE } from '../../models/colours';
import { spansOrders } from '../../models/scales';
import { baseLayout, type ReadVariable } from '../traces';
import { isNumeric, textOf } from './frames';
import { numberOf } from '../../client/board';

/** Up to so many runs each has its own colour; more would only seem to. */
export const MOST_COLOURED = 40;

/** What an axis counts. */
export type AxisType = 'linear' | 'log' | 'date' | 'category';

/** The values of a column as places on an axis, and what kind of axis that is. */
export interface IAxisValues {
  type: AxisType;
  values: (number | string | null)[];
}

/**
 * Places on an axis: numbers, moments or, for all else, words. Truth values and texts beside numbers are words; NaN and
 * infinities have no place, nor have numbers that are not positive on a log axis. Without `isLog` the numbers decide.
 */
export function axisOf(
  values: readonly JsonValue[],
  isLog: boolean | null,
  column?: ITableColumn
): IAxisValues {
  if (column?.type === 'time') {
    return {
      type: 'date',
      values: values.map(value => (typeof value === 'string' ? value : null))
    };
  }
  if (isNumeric(values) || values.every(value => value === null)) {
    const numbers = values.map(value => {
      const number = numberOf(value);
      return number !== null && Number.isFinite(number) ? number : null;
    });
    return (isLog ?? spansOrders(numbers))
      ? {
          type: 'log',
          values: numbers.map(number => (number !== null && number > 0 ? number : null))
        }
      : { type: 'linear', values: numbers };
  }
  return { type: 'category', values: values.map(value => (value === null ? null : textOf(value))) };
}

/** The layout of a board's chart with one pair of axes. */
export function axesLayout(
  size: { width: number; height: number },
  read: ReadVariable,
  axes: { x: Partial<LayoutAxis>; y: Partial<LayoutAxis> },
  revision: string
): Partial<Layout> {
  const base = baseLayout(size.width, size.height, read);
  const common = { zeroline: false, exponentformat: 'power' } as const;
  const { x, y } = axes;
  return {
    ...base,
    margin: { l: 56, r: 14, t: 8, b: 40 },
    hovermode: 'closest',
    xaxis: { ...base.xaxis, ...common, automargin: true, ...x },
    yaxis: { ...base.yaxis, ...common, automargin: true, ...y },
    // The user's zoom stays while runs arrive; other columns begin anew.
    uirevision: revision
  };
}

/** A title beside an axis, cut where it would be longer than the axis. */
export function axisTitle(text: string): Partial<LayoutAxis> {
  return { title: { text: text.length > 48 ? `${text.slice(0, 47)}…` : text, standoff: 6 } };
}

/** The colours of runs where there are few, else the same quiet one for all. */
export function runColours(
  ids: readonly string[],
  colours: ColoursModel,
  read: ReadVariable
): string[] {
  if (ids.length > MOST_COLOURED) {
    return ids.map(() => read('--trackbook-run-1'));
  }
  return ids.map(id => read(colours.get(id).variable));
}

/** The colours of words: the palette of runs, over and over. */
export function wordColours(words: readonly string[], read: ReadVariable): Map<string, string> {
  return new Map(
    words.map((word, place) => [word, read(`--trackbook-run-${(place % PALETTE_SIZE) + 1}`)])
  );
}

/** The line with which the n-th thing of a chart is drawn, once the palette is used up. */
export function dashOf(place: number): (typeof DASHES)[number] {
  return DASHES[Math.floor(place / PALETTE_SIZE) % DASHES.length];
}

/** A scale of colours from little to much that is read without seeing red and green (cividis and its reverse). */
export function scaleOf(isDark: boolean): [number, string][] {
  const stops = ['#00224e', '#35456c', '#666970', '#948e77', '#c8b866', '#fee838'];
  const order = isDark ? stops : [...stops].reverse();
  return order.map((colour, place) => [place / (order.length - 1), colour]);
}
