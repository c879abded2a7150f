import { toNumber } from '../../client/numbers';
import type { ColumnType } from '../../client/table';
import type { JsonValue } from '../../client/types';
import {
  formatDuration,
  formatExact,
  formatExactValue,
  formatMoment,
  formatNumber,
  formatRelative,
  formatValue
} from '../../format';
import type { NumberFormat } from './columns';

/** What kind of values a column holds that nobody knows of: arithmetic gives numbers. */
export function guessType(column: string): ColumnType | null {
  if (column === 'started' || column === 'ended') {
    return 'time';
  }
  if (column === 'duration' || column === 'active') {
    return 'duration';
  }
  const isNumber =
    /^(metrics?\.|min\(|max\(|number$|attempt$)/.test(column) || /\s[-+*/]\s/.test(column);
  return isNumber ? 'number' : null;
}

/** Whether values are read from right to left: numbers under each other, digit under digit. */
export function isRightAligned(type: ColumnType | null): boolean {
  return type === 'number' || type === 'duration' || type === 'time';
}

/** The value as a number; null where it is none. */
export function numberOf(value: JsonValue, type: ColumnType | null): number | null {
  if (typeof value === 'number') {
    return value;
  }
  const isNumber = type === 'number' || type === 'duration';
  return isNumber && typeof value === 'string' && NON_FINITE.has(value) ? toNumber(value) : null;
}

/** How a column's numbers read while nobody has chosen: parameters as they are typed, 0.01 and not 0.01000. */
export function usualFormat(column: string): 'typed' | null {
  return column.startsWith('params.') ? 'typed' : null;
}

/** The value as it stands in a cell. */
export function cellText(
  value: JsonValue,
  type: ColumnType | null,
  format: NumberFormat | 'typed',
  now: number
): string {
  if (value === null) {
    return '';
  }
  if (type === 'time' && typeof value === 'string') {
    return formatRelative(value, now);
  }
  const number = numberOf(value, type);
  if (number === null) {
    return typeof value === 'string' ? value.replace(/\s*\n\s*/g, ' ') : formatValue(value);
  }
  return numberText(number, type, format);
}

/** The value in full, as it is shown on hover. */
export function hoverText(value: JsonValue, type: ColumnType | null): string {
  if (value === null) {
    return '';
  }
  if (type === 'time' && typeof value === 'string') {
    return formatMoment(value);
  }
  const number = numberOf(value, type);
  if (number === null) {
    return formatExactValue(value);
  }
  return type === 'duration' ? `${formatDuration(number)} (${number} s)` : formatExact(number);
}

/** A number as a column's format has it. */
export function numberText(
  value: number,
  type: ColumnType | null,
  format: NumberFormat | 'typed'
): string {
  if (!Number.isFinite(value)) {
    return formatNumber(value);
  }
  if (format === 'duration' || (format === null && type === 'duration')) {
    return formatDuration(value);
  }
  if (format === 'percent') {
    return `${Number((value * 100).toPrecision(4))} %`.replace(' ', '\u00a0');
  }
  if (format === 'exact') {
    return formatExact(value);
  }
  if (format === 'typed') {
    return formatValue(value);
  }
  if (format?.startsWith('digits:')) {
    const digits = Math.min(Math.max(Number(format.slice('digits:'.length)) || 4, 1), 17);
    return Number.isInteger(value) ? String(value) : value.toPrecision(digits);
  }
  return formatNumber(value);
}

const NON_FINITE = new Set(['NaN', 'Infinity', '-Infinity']);
