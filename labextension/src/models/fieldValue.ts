import type { IValueType } from '../client/parameters';
import type { JsonValue } from '../client/types';
import { formatExactValue } from '../format';
import { FieldError } from './fieldProblem';
import { checkRules, readFormat } from './valueRules';

const INTEGER = /^[+-]?\d[\d_]*$/;
const NON_FINITE: Readonly<Record<string, string>> = {
  nan: 'NaN',
  inf: 'Infinity',
  '+inf': 'Infinity',
  '-inf': '-Infinity',
  infinity: 'Infinity',
  '-infinity': '-Infinity'
};
const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, false: false };

/** Read one value as the parameter's type wants it; throws FieldError. */
export function readValue(kind: IValueType, text: string): JsonValue {
  return checkValue(kind, readTyped(kind, text.trim()));
}

/** Read values between commas, or a JSON list of them; throws FieldError. */
export function readSweep(kind: IValueType, text: string): JsonValue[] {
  const trimmed = text.trim();
  if (trimmed.startsWith('[')) {
    const list = readJson(kind, trimmed, 'sweep');
    if (!Array.isArray(list) || !list.length) {
      throw new FieldError('sweep', trimmed, kind);
    }
    return list.map(item => readValue(kind, formatExactValue(item)));
  }
  const parts = splitCommas(trimmed);
  if (!parts.length) {
    throw new FieldError('empty', trimmed, kind);
  }
  return parts.map(part => readValue(kind, part));
}

/** Check a JSON value, and what it holds, against its type; throws FieldError. */
function checkValue(kind: IValueType, value: JsonValue): JsonValue {
  if (
    value === null &&
    (kind.optional || !kind.type || kind.type === 'none' || kind.type === 'any')
  ) {
    return null;
  }
  const plain = checkInside(kind, checkType(kind, value));
  checkRules(kind, plain);
  return plain;
}

function checkType(kind: IValueType, value: JsonValue): JsonValue {
  const text = formatExactValue(value);
  if (kind.format && !['set', 'frozenset', 'tuple', 'enum'].includes(kind.format)) {
    return readFormat(kind, value);
  }
  switch (kind.type) {
    case 'int':
      return typeof value === 'number' ? readInteger(kind, String(value)) : fail('int', text, kind);
    case 'float':
      return typeof value === 'number' || Object.values(NON_FINITE).includes(text)
        ? value
        : fail('float', text, kind);
    case 'bool':
      return typeof value === 'boolean' ? value : fail('bool', text, kind);
    case 'str':
      return kind.format === 'enum' ? readMember(kind, value) : readText(kind, value);
    case 'list':
      return Array.isArray(value) ? value : fail('list', text, kind);
    case 'dict':
      return isObject(value) ? value : fail('dict', text, kind);
    default:
      return value;
  }
}

function checkInside(kind: IValueType, value: JsonValue): JsonValue {
  if (Array.isArray(value)) {
    const { positions } = kind;
    if (positions && positions.length !== value.length) {
      throw new FieldError('places', formatExactValue(value), kind);
    }
    return value.map((item, place) => within(place + 1, positions?.[place] ?? kind.items, item));
  }
  if (isObject(value) && kind.items) {
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, within(name, kind.items, item)])
    );
  }
  return value;
}

function within(
  place: string | number,
  kind: IValueType | null | undefined,
  value: JsonValue
): JsonValue {
  try {
    return kind ? checkValue(kind, value) : value;
  } catch (error) {
    if (error instanceof FieldError) {
      throw new FieldError(error.problem, error.text, error.kind, [place, ...error.where]);
    }
    throw error;
  }
}

function readTyped(kind: IValueType, text: string): JsonValue {
  if (kind.optional && (text === 'None' || text === 'null')) {
    return null;
  }
  switch (kind.type) {
    case 'int':
      return readInteger(kind, text);
    case 'float':
      return kind.format ? text : readFloat(kind, text);
    case 'bool': {
      const value = BOOLEANS[text.toLowerCase()];
      return value === undefined ? fail('bool', text, kind) : value;
    }
    case 'str':
      return isQuoted(text) ? readJson(kind, text, 'json') : text;
    case 'list':
    case 'dict':
      return readJson(kind, text, kind.type);
    default:
      return readAny(text);
  }
}

function readInteger(kind: IValueType, text: string): number {
  const value = Number(text.replaceAll('_', ''));
  if (!INTEGER.test(text) || !Number.isSafeInteger(value)) {
    throw new FieldError('int', text, kind);
  }
  return value;
}

function readFloat(kind: IValueType, text: string): JsonValue {
  const special = NON_FINITE[text.toLowerCase()];
  if (special !== undefined) {
    return special;
  }
  const value = Number(text.replaceAll('_', ''));
  if (text === '' || !Number.isFinite(value)) {
    throw new FieldError('float', text, kind);
  }
  return value;
}

function readText(kind: IValueType, value: JsonValue): string {
  return typeof value === 'string' ? value : fail('str', formatExactValue(value), kind);
}

/** A member of an enum by its name, by `Color.RED`, or by its value. */
function readMember(kind: IValueType, value: JsonValue): JsonValue {
  const prefix = `${kind.class_name ?? ''}.`;
  const text = formatExactValue(value);
  const name = text.startsWith(prefix) ? text.slice(prefix.length) : text;
  if (kind.choices?.includes(name)) {
    return name;
  }
  const found = Object.entries(kind.members ?? {}).find(
    ([, item]) => item !== null && item === value
  );
  return found ? found[0] : text;
}

function readAny(text: string): JsonValue {
  if (text === 'None') {
    return null;
  }
  if (text === 'True' || text === 'False') {
    return text === 'True';
  }
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}

function readJson(kind: IValueType, text: string, problem: 'list' | 'dict' | 'json' | 'sweep') {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw new FieldError(problem, text, kind);
  }
}

function fail(problem: FieldError['problem'], text: string, kind: IValueType): never {
  throw new FieldError(problem, text, kind);
}

function isObject(value: JsonValue): value is { [name: string]: JsonValue } {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** Split at commas that are in no quotes and no brackets; empty parts are left out. */
function splitCommas(text: string): string[] {
  const parts: string[] = [];
  let part = '';
  let depth = 0;
  let quoted = false;
  for (const letter of text) {
    quoted = letter === '"' ? !quoted : quoted;
    if (!quoted) {
      depth += '[{('.includes(letter) ? 1 : ']})'.includes(letter) ? -1 : 0;
    }
    if (letter === ',' && !quoted && depth <= 0) {
      parts.push(part);
      part = '';
    } else {
      part += letter;
    }
  }
  return [...parts, part].map(item => item.trim()).filter(item => item !== '');
}

function isQuoted(text: string): boolean {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"');
}
