/** How numbers, times and values read. Pure functions: text in the interface comes from the translator. */

import type { JsonValue } from './client/types';

const SIGNIFICANT = 4;
const NBSP = '\u00a0';

/** A number with 4 significant digits; whole numbers below a million keep all of theirs. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) {
    return 'NaN';
  }
  if (!Number.isFinite(value)) {
    return value > 0 ? '∞' : '−∞';
  }
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e6 || size < 1e-4)) {
    return shortExponent(value);
  }
  if (Number.isInteger(value) || size >= 1000) {
    return String(Math.round(value));
  }
  return value.toPrecision(SIGNIFICANT);
}

/** A number with all of its digits, as it is copied or shown on hover. */
export function formatExact(value: number): string {
  return String(value);
}

/** Seconds as `12 ms`, `0.4 s`, `3 m 12 s`, `1 h 02 m` or `2 d 03 h`. */
export function formatDuration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) {
    return '';
  }
  if (seconds < 1) {
    return `${Math.max(0, Math.floor(seconds * 1000))}${NBSP}ms`;
  }
  if (seconds < 10) {
    return `${Math.floor(seconds * 10) / 10}${NBSP}s`;
  }
  const whole = Math.floor(seconds);
  if (whole < 60) {
    return `${whole}${NBSP}s`;
  }
  if (whole < 3600) {
    return pair(whole, 60, 'm', 1, 's');
  }
  return whole < 86_400 ? pair(whole, 3600, 'h', 60, 'm') : pair(whole, 86_400, 'd', 3600, 'h');
}

// To make a format takes a hundred times as long as to use it, and a table uses it for each cell that it draws.
const relativeFormat = kept(
  locale => new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' })
);
const momentFormat = kept(
  locale => new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' })
);

/** A moment as `5 min ago`, in the reader's language. */
export function formatRelative(moment: string, now: number = Date.now(), locale?: string): string {
  const seconds = (Date.parse(moment) - now) / 1000;
  const format = relativeFormat(locale);
  const size = Math.abs(seconds);
  if (size < 45) {
    return format.format(Math.round(seconds), 'second');
  }
  for (const [unit, length, limit] of UNITS) {
    if (size < limit) {
      return format.format(Math.round(seconds / length), unit);
    }
  }
  return format.format(Math.round(seconds / 31_557_600), 'year');
}

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number, number][] = [
  ['minute', 60, 2700],
  ['hour', 3600, 79_200],
  ['day', 86_400, 2_246_400],
  ['month', 2_629_800, 28_927_800]
];

/** A moment with date and time to the second, in the reader's language and zone. */
export function formatMoment(moment: string, locale?: string): string {
  return momentFormat(locale).format(new Date(moment));
}

/** A size as `512 B`, `3.4 kB` or `12 MB`; 1 kB is 1,000 bytes. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)}${NBSP}${units[unit]}`;
}

/** A number with its unit: bytes as a size, all else as a number and the unit behind it. */
export function formatQuantity(value: number, unit: string | null): string {
  if (!unit || !Number.isFinite(value)) {
    return formatNumber(value);
  }
  const rate = /^(B|bytes)(\/s)?$/.exec(unit);
  if (rate && value >= 0) {
    return `${formatBytes(value)}${rate[2] ?? ''}`;
  }
  return `${formatNumber(value)}${NBSP}${unit}`;
}

/** A relative change as `+12.3 %`; what is very much more as a factor. */
export function formatChange(share: number): string {
  const size = Math.abs(share) * 100;
  if (size >= 1e4) {
    return `×${NBSP}${formatNumber(share + 1)}`;
  }
  return `${share < 0 ? '−' : '+'}${Number(size.toPrecision(3))}${NBSP}%`;
}

/** A parameter on one line: numbers short, text as it is, all else as JSON. */
export function formatValue(value: JsonValue): string {
  if (typeof value === 'number') {
    const isTiny = value !== 0 && Math.abs(value) < 1e-4;
    return Number.isInteger(value)
      ? String(value)
      : isTiny
        ? shortExponent(value)
        : String(Number(value.toPrecision(SIGNIFICANT)));
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A parameter with all of its digits. */
export function formatExactValue(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The one-line name of a series: `loss`, or `loss{subset=val}` with a context. */
export function seriesName(key: string, context: Readonly<Record<string, string>>): string {
  const parts = Object.keys(context)
    .sort()
    .map(name => `${name}=${context[name]}`);
  return parts.length ? `${key}{${parts.join(',')}}` : key;
}

/** The key in a one-line name of a series. */
export function seriesKey(name: string): string {
  const brace = name.indexOf('{');
  return brace > 0 && name.endsWith('}') ? name.slice(0, brace) : name;
}

function kept<T>(make: (locale?: string) => T): (locale?: string) => T {
  const made = new Map<string | undefined, T>();
  return locale => {
    const format = made.get(locale) ?? make(locale);
    made.set(locale, format);
    return format;
  };
}

function shortExponent(value: number): string {
  return value
    .toExponential(SIGNIFICANT - 1)
    .replace(/\.?0+e/, 'e')
    .replace('e+', 'e');
}

function pair(value: number, big: number, bigUnit: string, small: number, smallUnit: string) {
  const rest = Math.floor((value % big) / small);
  const head = `${Math.floor(value / big)}${NBSP}${bigUnit}`;
  return `${head}${NBSP}${String(rest).padStart(2, '0')}${NBSP}${smallUnit}`;
}
