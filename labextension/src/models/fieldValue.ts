import type { IParameter } from '../client/parameters';
import type { JsonValue } from '../client/types';
import { formatExactValue } from '../format';

/** Why a text is no value of a parameter; a code, so that the view can say it in the user's language. */
export type FieldProblem =
  'int' | 'float' | 'bool' | 'list' | 'dict' | 'choice' | 'json' | 'empty' | 'sweep';

/** A text that is no value of its parameter. */
export class FieldError extends Error {
  constructor(
    readonly problem: FieldProblem,
    readonly text: string
  ) {
    super(`${problem}: ${text}`);
  }
}

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
export function readValue(parameter: IParameter, text: string): JsonValue {
  const value = readTyped(parameter, text.trim());
  const { choices } = parameter;
  if (choices && value !== null && !choices.some(choice => isSame(choice, value))) {
    throw new FieldError('choice', text.trim());
  }
  return value;
}

/** Read values between commas, or a JSON list of them; throws FieldError. */
export function readSweep(parameter: IParameter, text: string): JsonValue[] {
  const trimmed = text.trim();
  if (trimmed.startsWith('[')) {
    const list = readJson(trimmed, 'sweep');
    if (!Array.isArray(list) || !list.length) {
      throw new FieldError('sweep', trimmed);
    }
    return list.map(item => readValue(parameter, formatExactValue(item)));
  }
  const parts = splitCommas(trimmed);
  if (!parts.length) {
    throw new FieldError('empty', trimmed);
  }
  return parts.map(part => readValue(parameter, part));
}

function readTyped(parameter: IParameter, text: string): JsonValue {
  if (parameter.optional && (text === 'None' || text === 'null')) {
    return null;
  }
  switch (parameter.type) {
    case 'int':
      return readInteger(text);
    case 'float':
      return readFloat(text);
    case 'bool': {
      const value = BOOLEANS[text.toLowerCase()];
      if (value === undefined) {
        throw new FieldError('bool', text);
      }
      return value;
    }
    case 'str':
      return isQuoted(text) ? readJson(text, 'json') : text;
    case 'list':
    case 'dict': {
      const value = readJson(text, parameter.type);
      if (
        value === null ||
        typeof value !== 'object' ||
        Array.isArray(value) !== (parameter.type === 'list')
      ) {
        throw new FieldError(parameter.type, text);
      }
      return value;
    }
    default:
      return readAny(text);
  }
}

function readInteger(text: string): number {
  const value = Number(text.replaceAll('_', ''));
  if (!INTEGER.test(text) || !Number.isSafeInteger(value)) {
    throw new FieldError('int', text);
  }
  return value;
}

function readFloat(text: string): JsonValue {
  const special = NON_FINITE[text.toLowerCase()];
  if (special !== undefined) {
    return special;
  }
  const value = Number(text.replaceAll('_', ''));
  if (text === '' || !Number.isFinite(value)) {
    throw new FieldError('float', text);
  }
  return value;
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

function readJson(text: string, problem: FieldProblem): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw new FieldError(problem, text);
  }
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

function isSame(a: JsonValue, b: JsonValue): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
