import type { ITableColumn } from '../../client/table';
import type { JsonValue } from '../../client/types';

/** What could stand at the cursor. */
export interface IOption {
  /** What is written. */
  readonly text: string;
  /** What it is: a field, an operator, a value, a word of the language. */
  readonly kind: 'field' | 'operator' | 'value' | 'word';
  /** How many runs have it, where that is known. */
  readonly count: number | null;
}

/** What is being typed: from where on the text would be replaced, and what is wanted there. */
export interface IPlace {
  readonly from: number;
  readonly word: string;
  readonly wanted: 'field' | 'operator' | 'value' | 'joiner';
  /** The field whose values are wanted. */
  readonly field: string | null;
}

/** How many options are offered. */
const OFFERED = 12;

const OPERATORS = [
  '=',
  '!=',
  '>',
  '>=',
  '<',
  '<=',
  'contains',
  'like',
  'ilike',
  '~',
  'in (',
  'is null',
  'is not null'
];
const NUMERIC = ['>', '>=', '<', '<=', '=', '!=', 'in (', 'is null', 'is not null', 'is nan'];
const JOINERS = ['and', 'or', 'order by'];

const FIELD =
  /^(?:(?:metrics?|params?|parameters?|tags?|attributes|data|environment|git)\.(?:`[^`]*`|[\w.]+(?:\{[^}]*\})?)|[A-Za-z_]\w*)$/;
const OPERATOR = /^(?:=|==|!=|<>|<=?|>=?|!?~|contains|like|ilike|in)$/i;
const TOKEN =
  /"(?:[^"]|"")*"?|'(?:[^']|'')*'?|(?:[\w.]+)?`[^`]*`?(?:\{[^}]*\}?)?|[A-Za-z_][\w.]*(?:\{[^}]*\}?)?|[\d.][\w.:+-]*|[<>=!~]+|[^\s\w]/g;

/** What stands at the cursor of a search, and what is wanted there. */
export function placeAt(text: string, cursor: number): IPlace {
  const before = text.slice(0, cursor);
  const tokens = [...before.matchAll(TOKEN)];
  const last = tokens.at(-1);
  const isOpen = last !== undefined && last.index + last[0].length === before.length;
  const word = isOpen && !/^[()<>=!~,+\-*/]+$/.test(last[0]) ? last[0] : '';
  const done = (word ? tokens.slice(0, -1) : tokens).map(token => token[0]);
  const [previous, earlier] = [done.at(-1), done.at(-2)];
  const from = cursor - word.length;
  const place = (wanted: IPlace['wanted'], field: string | null = null): IPlace => ({
    from,
    word,
    wanted,
    field
  });
  if (
    previous === undefined ||
    /^(and|or|not|by|where)$/i.test(previous) ||
    /^[-+*/]$/.test(previous)
  ) {
    return place('field');
  }
  if (OPERATOR.test(previous)) {
    return place('value', earlier !== undefined && FIELD.test(earlier) ? earlier : null);
  }
  if (previous === '(' || previous === ',') {
    const list = fieldOfList(done);
    return list === null ? place('field') : place('value', list);
  }
  if (isField(previous) && !(earlier !== undefined && OPERATOR.test(earlier))) {
    return place('operator', previous);
  }
  return place('joiner');
}

/** The field of a list that is open: `params.lr in (0.1, `. */
function fieldOfList(tokens: readonly string[]): string | null {
  const open = tokens.lastIndexOf('(');
  const isIn = open > 1 && /^in$/i.test(tokens[open - 1]);
  const at = open - (isIn && /^not$/i.test(tokens[open - 2]) ? 3 : 2);
  return isIn && at >= 0 && FIELD.test(tokens[at]) ? tokens[at] : null;
}

function isField(token: string): boolean {
  return FIELD.test(token) && !/^(and|or|not|is|null|nan|true|false|asc|desc|order)$/i.test(token);
}

/** What could stand at a place, the most used first. */
export function optionsAt(
  place: IPlace,
  columns: readonly ITableColumn[],
  values: readonly { value: JsonValue; count: number }[] = []
): IOption[] {
  const word = place.word.toLowerCase();
  const rank = (text: string) => {
    const lower = text.toLowerCase();
    if (!word || lower.startsWith(word)) {
      return 0;
    }
    // `lr` finds params.lr, and `acc` metrics.val_acc.
    return lower.includes(`.${word}`) ? 1 : lower.includes(word) ? 2 : 3;
  };
  const sorted = (options: IOption[]) =>
    options
      .map((option, index) => ({ option, index, rank: rank(option.text) }))
      .filter(entry => entry.rank < 3 && entry.option.text !== place.word)
      .sort((one, other) => one.rank - other.rank || one.index - other.index)
      .map(entry => entry.option)
      .slice(0, OFFERED);
  if (place.wanted === 'field') {
    return sorted(fields(columns));
  }
  if (place.wanted === 'operator') {
    const info = columns.find(({ column }) => column === place.field);
    const isNumber = info?.type === 'number' || info?.type === 'duration';
    return sorted(words(isNumber ? NUMERIC : OPERATORS, 'operator'));
  }
  if (place.wanted === 'joiner') {
    return sorted(words(JOINERS, 'word'));
  }
  return sorted(
    values
      .filter(({ value }) => value !== null)
      .map(({ value, count }) => ({ text: literal(value), kind: 'value', count }))
  );
}

/** Put an option in the place of what was typed. */
export function complete(
  text: string,
  place: IPlace,
  option: IOption
): { text: string; cursor: number } {
  const end = place.from + place.word.length;
  const rest = text.slice(end);
  const gap = option.text.endsWith('(') || rest.startsWith(' ') ? '' : ' ';
  const written = text.slice(0, place.from) + option.text + gap;
  return { text: written + rest, cursor: written.length + (rest.startsWith(' ') && !gap ? 1 : 0) };
}

function fields(columns: readonly ITableColumn[]): IOption[] {
  return columns
    .filter(({ column }) => !/^(min|max)\(/.test(column))
    .map(({ column, count }) => ({ text: column, kind: 'field', count }));
}

function words(texts: readonly string[], kind: IOption['kind']): IOption[] {
  return texts.map(text => ({ text, kind, count: null }));
}

/** A value as the search language has it. */
export function literal(value: JsonValue): string {
  if (typeof value === 'number' || typeof value === 'boolean') {
    return String(value);
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `'${text.replace(/'/g, "''")}'`;
}
