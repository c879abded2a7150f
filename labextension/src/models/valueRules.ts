import type { IValueType } from '../client/parameters';
import type { JsonValue } from '../client/types';
import { formatExactValue } from '../format';
import { FieldError, type FieldProblem } from './fieldProblem';

/*
 * The rules that the server holds values to (trackbook/domain/valuecheck.py), so that a form can say what is wrong as it
 * is typed. The server has the last word: where a rule can't be checked here alike, nothing is refused.
 */

const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const TIME = /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.,]\d{1,6})?)?$/;
const ZONE = /(Z|[+-]\d\d:?\d\d(:\d\d)?)$/;
const DECIMAL = /^[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf(inity)?|nan)$/i;
const SPAN = /^[+-]?(\d+(\.\d+)?(min|ms|us|w|d|h|m|s)\s*)+$/;
const CLOCK = /^[+-]?(\d+ days?, )?\d+:[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$/;
const PYTHON_ONLY = /\(\?P[<=]|\(\?\(|\\[AZz]|\(\?[aiLmsux]+[:)]/;

/** Check a value of a format that is text, or seconds, in JSON; throws FieldError. */
export function readFormat(kind: IValueType, value: JsonValue): JsonValue {
  const format = kind.format as FieldProblem;
  const text = typeof value === 'string' ? value.trim() : formatExactValue(value);
  const isText = typeof value === 'string';
  const holds: Partial<Record<FieldProblem, boolean>> = {
    date: isText && isDate(text),
    'date-time': isText && isDateTime(text),
    time: isText && TIME.test(text.replace(ZONE, '')),
    duration: isText ? isDuration(text) : typeof value === 'number',
    decimal: (isText || typeof value === 'number') && DECIMAL.test(text),
    path: isText && !text.includes('\0')
  };
  if (!holds[format]) {
    throw new FieldError(format, text, kind);
  }
  return format === 'duration' && isText && isNumber(text) ? Number(text) : value;
}

/** Check a value's choices, bounds, steps, pattern and length; throws FieldError. */
export function checkRules(kind: IValueType, value: JsonValue): void {
  const text = formatExactValue(value);
  const { choices } = kind;
  if (choices && !choices.some(choice => JSON.stringify(choice) === JSON.stringify(value))) {
    throw new FieldError('choice', text, kind);
  }
  if (!isWithinBounds(kind, value)) {
    throw new FieldError('range', text, kind);
  }
  if (typeof kind.multiple_of === 'number' && !isMultiple(value, kind.multiple_of)) {
    throw new FieldError('multiple', text, kind);
  }
  if (typeof value === 'string' && kind.pattern && !matches(kind.pattern, value)) {
    throw new FieldError('pattern', text, kind);
  }
  const length = lengthOf(value);
  if (
    length !== null &&
    (length < (kind.min_length ?? 0) || length > (kind.max_length ?? Number.POSITIVE_INFINITY))
  ) {
    throw new FieldError('length', text, kind);
  }
}

function isWithinBounds(kind: IValueType, value: JsonValue): boolean {
  const number = comparable(kind, value);
  const bound = (limit: number | string | null | undefined) =>
    limit === null || limit === undefined ? null : comparable(kind, limit);
  const [low, high] = [bound(kind.minimum), bound(kind.maximum)];
  const [above, below] = [bound(kind.exclusive_minimum), bound(kind.exclusive_maximum)];
  if (number === null) {
    return true;
  }
  return (
    (low === null || number >= low) &&
    (high === null || number <= high) &&
    (above === null || number > above) &&
    (below === null || number < below)
  );
}

/** A number for what has an order; null for what can't be compared here. */
function comparable(kind: IValueType, value: JsonValue): number | null {
  switch (kind.format) {
    case 'date':
      return Date.parse(`${formatExactValue(value)}T00:00Z`);
    case 'date-time': {
      const text = formatExactValue(value);
      const parsed = Date.parse(ZONE.test(text) || DATE.test(text) ? text : `${text}Z`);
      return Number.isNaN(parsed) ? null : parsed;
    }
    case 'time':
      return Date.parse(`1970-01-01T${formatExactValue(value).replace(ZONE, '')}Z`);
    case 'duration':
      return typeof value === 'number' ? value : null;
    default: {
      const special = { Infinity: Infinity, '-Infinity': -Infinity, NaN: Number.NaN };
      const number = typeof value === 'string' ? (special[value as 'NaN'] ?? Number(value)) : value;
      const counts = kind.type === 'int' || kind.type === 'float' || kind.format === 'decimal';
      return counts && typeof number === 'number' ? number : null;
    }
  }
}

function isMultiple(value: JsonValue, step: number): boolean {
  if (typeof value !== 'number' || step === 0) {
    return typeof value !== 'string' || step === 0;
  }
  const count = value / step;
  // 0.3 is a multiple of 0.1, though 0.3 / 0.1 is not quite 3.
  return Math.abs(count - Math.round(count)) <= 1e-9 * Math.max(1, Math.abs(count));
}

function matches(pattern: string, text: string): boolean {
  if (PYTHON_ONLY.test(pattern)) {
    return true;
  }
  try {
    return new RegExp(pattern, 'u').test(text);
  } catch {
    return true;
  }
}

function lengthOf(value: JsonValue): number | null {
  if (typeof value === 'string' || Array.isArray(value)) {
    return [...value].length;
  }
  return value !== null && typeof value === 'object' ? Object.keys(value).length : null;
}

function isDate(text: string): boolean {
  const match = DATE.exec(text);
  if (!match || match[1] === '0000') {
    return false;
  }
  const date = new Date(`${text}T00:00Z`);
  return date.getUTCMonth() + 1 === Number(match[2]) && date.getUTCDate() === Number(match[3]);
}

function isDateTime(text: string): boolean {
  const date = text.slice(0, 10);
  const rest = text.slice(10);
  return (
    isDate(date) &&
    (rest === '' || (/^[T ]/.test(rest) && TIME.test(rest.slice(1).replace(ZONE, ''))))
  );
}

function isDuration(text: string): boolean {
  return isNumber(text) || SPAN.test(text) || CLOCK.test(text);
}

function isNumber(text: string): boolean {
  return text !== '' && Number.isFinite(Number(text)) && !/^[+-]?0[xob]/i.test(text);
}
