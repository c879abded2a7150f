import { numberOf } from '../client/board';
import type { JsonValue } from '../client/types';
import { formatMoment, formatValue } from '../format';
import { type ITick, makeScale, spansOrders, ticksOf, timeTicks } from './scales';

/** Where on an axis what is missing lies: a lane of its own below it. */
export const MISSING = -0.12;
/** Words beyond these are drawn in one last place. */
const MOST_WORDS = 60;
/** Up to so many different numbers are written themselves: they are what somebody chose. */
const FEW_NUMBERS = 6;
/** About how many round marks an axis has otherwise. */
const MARKS = 5;

/** A part of an axis that was brushed, in shares of its length from its lower end. */
export interface IBrush {
  from: number;
  to: number;
}

/** An axis of parallel coordinates. */
export interface IParallelAxis {
  column: string;
  /** Where each run lies, from 0 to 1; MISSING without a value. */
  places: Float32Array;
  hasMissing: boolean;
  ticks: { place: number; label: string }[];
  /** What a brush means in the search language; empty when it leaves nothing out. */
  condition(brush: IBrush): string;
}

/** Make an axis of a column's values; those of a `time` column are moments. */
export function makeParallelAxis(
  column: string,
  values: readonly JsonValue[],
  isTime: boolean
): IParallelAxis {
  const known = values.filter(value => value !== null);
  if (isTime) {
    const moments = values.map(value => (typeof value === 'string' ? Date.parse(value) : null));
    const write = (value: number) => `'${new Date(value).toISOString()}'`;
    return numberAxis(column, moments, false, momentMarks(moments), write);
  }
  const isNumber = known.every(value => typeof value === 'number' || isNumberText(value));
  if (isNumber) {
    const numbers = values.map(value => {
      const number = numberOf(value);
      return number !== null && Number.isFinite(number) ? number : null;
    });
    const isLog = spansOrders(numbers);
    return numberAxis(column, numbers, isLog, numberMarks(numbers, isLog), String);
  }
  return wordAxis(column, values);
}

function numberAxis(
  column: string,
  numbers: readonly (number | null)[],
  isLog: boolean,
  marks: readonly ITick[],
  write: (value: number) => string
): IParallelAxis {
  const [low, high] = extent(numbers);
  const scale = isLog ? Math.log : (value: number) => value;
  const unscale = isLog ? Math.exp : (value: number) => value;
  const span = scale(high) - scale(low);
  const isFlat = !(span > 0);
  const placeOf = (value: number) => (isFlat ? 0.5 : (scale(value) - scale(low)) / span);
  const places = Float32Array.from(numbers, value => (value === null ? MISSING : placeOf(value)));
  const at = (share: number) => unscale(scale(low) + share * span);
  const hasMissing = numbers.includes(null);
  return {
    column,
    places,
    hasMissing,
    ticks: marks.map(({ value, label }) => ({ place: placeOf(value), label })),
    condition: brush => {
      const parts = [];
      const isWithin = isFlat ? holds(brush, 0.5) : brush.to >= 0 && brush.from <= 1;
      if (isWithin && !isFlat && brush.from > 0) {
        parts.push(`${column} >= ${write(rounded(at(brush.from), span, isLog))}`);
      }
      if (isWithin && !isFlat && brush.to < 1) {
        parts.push(`${column} <= ${write(rounded(at(brush.to), span, isLog))}`);
      }
      return joined(column, parts.join(' and '), isWithin, hasMissing, holds(brush, MISSING));
    }
  };
}

/** Where numbers are marked: at each of them where they are few, and at round ones otherwise. */
function numberMarks(numbers: readonly (number | null)[], isLog: boolean): readonly ITick[] {
  const different = [...new Set(numbers)].filter(value => value !== null);
  if (different.length <= FEW_NUMBERS) {
    return different
      .sort((one, other) => one - other)
      .map(value => ({ value, label: formatValue(value) }));
  }
  return ticksOf(makeScale(...extent(numbers), 0, 1, isLog), MARKS);
}

/** Where moments are marked: at round times. */
function momentMarks(moments: readonly (number | null)[]): readonly ITick[] {
  const [low, high] = extent(moments);
  if (!(low < high)) {
    const label = Number.isFinite(low) ? formatMoment(new Date(low).toISOString()) : null;
    return label === null ? [] : [{ value: low, label }];
  }
  return timeTicks(makeScale(low / 1000, high / 1000, 0, 1), MARKS).map(({ value, label }) => ({
    value: value * 1000,
    label
  }));
}

function wordAxis(column: string, values: readonly JsonValue[]): IParallelAxis {
  const words = new Map<string, { value: JsonValue; label: string }>();
  for (const value of values) {
    if (value !== null) {
      words.set(JSON.stringify(value), { value, label: formatValue(value) });
    }
  }
  const order = [...words]
    .sort(([, a], [, b]) => a.label.localeCompare(b.label, undefined, { numeric: true }))
    .slice(0, MOST_WORDS);
  const last = order.length - 1;
  const placeOf = new Map(order.map(([key], place) => [key, last > 0 ? place / last : 0.5]));
  const places = Float32Array.from(values, value =>
    value === null ? MISSING : (placeOf.get(JSON.stringify(value)) ?? 1)
  );
  const hasMissing = values.includes(null);
  return {
    column,
    places,
    hasMissing,
    ticks: order.map(([key, { label }]) => ({ place: placeOf.get(key)!, label })),
    condition: brush => {
      const chosen = order.filter(([key]) => holds(brush, placeOf.get(key)!));
      const isAll = chosen.length === order.length && words.size <= MOST_WORDS;
      const texts = chosen.map(([, { value }]) => quoted(value));
      const wanted =
        isAll || !texts.length
          ? ''
          : texts.length === 1
            ? `${column} = ${texts[0]}`
            : `${column} in (${texts.join(', ')})`;
      return joined(column, wanted, chosen.length > 0, hasMissing, holds(brush, MISSING));
    }
  };
}

/** Put together what values a brush wants (empty: any), and whether it wants those that are missing. */
function joined(
  column: string,
  wanted: string,
  wantsValues: boolean,
  hasMissing: boolean,
  wantsMissing: boolean
): string {
  if (!wantsValues) {
    // A brush that lies between all values leaves nothing.
    return wantsMissing ? `${column} is null` : `(${column} is null and not ${column} is null)`;
  }
  if (wantsMissing && hasMissing) {
    return wanted ? `(${wanted} or ${column} is null)` : '';
  }
  return wanted || (hasMissing ? `${column} is not null` : '');
}

/** Whether a place lies within a brush; ends count. */
export function holds(brush: IBrush, place: number): boolean {
  return place >= brush.from - 1e-6 && place <= brush.to + 1e-6;
}

/** A value as the search language has it: text in quotes; of all but text its JSON. */
function quoted(value: JsonValue): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `'${text.replaceAll("'", "''")}'`;
}

/** A number with as few digits as tell places of an axis of this span apart; by six of its own on a log axis. */
function rounded(value: number, span: number, isLog: boolean): number {
  if (isLog) {
    return Number(value.toPrecision(6));
  }
  const step = 10 ** (Math.floor(Math.log10(span)) - 5);
  return Number((Math.round(value / step) * step).toPrecision(15));
}

function isNumberText(value: JsonValue): boolean {
  return typeof value === 'string' && numberOf(value) !== null;
}

function extent(numbers: readonly (number | null)[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of numbers) {
    if (value !== null) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return [low, high];
}
