import type { TranslationBundle } from '@jupyterlab/translation';

import type { IParameter, IValueType } from '../client/parameters';
import { formatExactValue } from '../format';
import type { FieldError } from '../models/fieldProblem';

/** The type in few letters, as an annotation has it: `int`, `list[int]`, `date?`. */
export function typeText(kind: IValueType): string {
  const text = typeWord(kind);
  return kind.optional ? `${text}?` : text;
}

/** The bounds for people: `0 ≤ x < 1`, `a multiple of 5`; an empty text without any. */
export function rangeText(kind: IValueType, trans: TranslationBundle): string {
  const { minimum, maximum, exclusive_minimum: above, exclusive_maximum: below } = kind;
  const parts = [
    isSet(minimum) && isSet(maximum) ? trans.__('from %1 to %2', minimum, maximum) : '',
    isSet(minimum) && !isSet(maximum) ? trans.__('from %1 up', minimum) : '',
    isSet(above) ? trans.__('above %1', above) : '',
    isSet(maximum) && !isSet(minimum) ? trans.__('up to %1', maximum) : '',
    isSet(below) ? trans.__('below %1', below) : '',
    isSet(kind.multiple_of) ? trans.__('a multiple of %1', kind.multiple_of) : '',
    lengthText(kind, trans),
    kind.pattern ? trans.__('matching %1', kind.pattern) : ''
  ];
  return parts.filter(Boolean).join(', ');
}

/** The notebook's own value; one that is computed there can't be told before. */
export function defaultText(parameter: IParameter, trans: TranslationBundle): string {
  const { type, optional } = parameter;
  if (parameter.default === null) {
    return optional || type === 'none' ? 'None' : trans.__('computed in the notebook');
  }
  return formatExactValue(parameter.default);
}

/** An example of what a sweep over the parameter looks like. */
export function sweepHint(parameter: IValueType): string {
  if (parameter.choices) {
    return parameter.choices.map(formatExactValue).join(', ');
  }
  switch (parameter.format) {
    case 'date':
      return '2026-01-01, 2026-02-01';
    case 'date-time':
      return '2026-01-01T09:00, 2026-01-02T09:00';
    case 'time':
      return '09:00, 17:30';
    case 'duration':
      return '30m, 1h';
    case 'decimal':
      return '0.10, 0.20';
    default:
  }
  switch (parameter.type) {
    case 'int':
      return '1, 2, 4';
    case 'float':
      return '0.01, 0.1, 1';
    case 'bool':
      return 'true, false';
    case 'list':
      return '[[64, 64], [128]]';
    case 'dict':
      return '[{"a": 1}, {"a": 2}]';
    default:
      return 'a, b, c';
  }
}

/** What is wrong with a field, and what it takes instead. */
export function problemText(error: FieldError, trans: TranslationBundle): string {
  const text = expectedText(error, trans);
  return error.where.length
    ? trans.__('At %1: %2', error.where.map(formatExactValue).join(' › '), text)
    : text;
}

function expectedText({ problem, kind }: FieldError, trans: TranslationBundle): string {
  switch (problem) {
    case 'int':
      return trans.__('A whole number, such as 8');
    case 'float':
      return trans.__('A number, such as 0.1 or 1e-3');
    case 'bool':
      return trans.__('true or false');
    case 'str':
      return trans.__('A text in quotes');
    case 'list':
      return trans.__('A JSON list, such as [64, 64]');
    case 'dict':
      return trans.__('A JSON object, such as {"a": 1}');
    case 'date':
      return trans.__('A date, such as 2026-01-31');
    case 'date-time':
      return trans.__('A date with time, such as 2026-01-31T09:30');
    case 'time':
      return trans.__('A time, such as 09:30');
    case 'duration':
      return trans.__('A number of seconds, or a duration such as 1h 30m');
    case 'decimal':
      return trans.__('A decimal number, such as 0.10');
    case 'path':
      return trans.__('A path');
    case 'secret':
      return trans.__('A secret can’t be given: values are stored with the run');
    case 'choice':
      return trans.__('One of %1', (kind.choices ?? []).map(formatExactValue).join(', '));
    case 'range':
    case 'multiple':
    case 'length':
    case 'pattern':
      return trans.__('%1 %2', typeWord(kind), rangeText(kind, trans));
    case 'places':
      return trans.__('%1 values: %2', kind.positions?.length ?? 0, typeWord(kind));
    case 'empty':
      return trans.__('Values between commas, such as %1', sweepHint(kind));
    case 'sweep':
      return trans.__('Values between commas, or a JSON list of them');
    case 'json':
      return trans.__('Text in quotes has to be as JSON wants it');
  }
}

function typeWord(kind: IValueType): string {
  if (kind.format === 'enum') {
    return kind.class_name ?? 'enum';
  }
  const words: Record<string, string> = {
    'date-time': 'datetime',
    duration: 'timedelta',
    decimal: 'Decimal',
    path: kind.class_name ?? 'Path'
  };
  const word = words[kind.format ?? ''] ?? kind.format ?? kind.type ?? 'any';
  if (kind.positions) {
    return `${word}[${kind.positions.map(typeText).join(', ')}]`;
  }
  if (kind.items?.type && kind.items.type !== 'any') {
    const inner = typeText(kind.items);
    return kind.type === 'dict' ? `${word}[str, ${inner}]` : `${word}[${inner}]`;
  }
  return word;
}

function lengthText(kind: IValueType, trans: TranslationBundle): string {
  const [low, high] = [kind.min_length ?? 0, kind.max_length ?? null];
  if (!isSet(kind.min_length) && high === null) {
    return '';
  }
  const many = kind.type === 'str';
  if (high === null) {
    return many ? trans.__('at least %1 characters', low) : trans.__('at least %1 items', low);
  }
  if (low === high) {
    return many ? trans.__('%1 characters', high) : trans.__('%1 items', high);
  }
  return many ? trans.__('%1 to %2 characters', low, high) : trans.__('%1 to %2 items', low, high);
}

function isSet<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}
