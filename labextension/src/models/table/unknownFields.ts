import type { ITableColumn } from '../../client/table';

/** A field that a search names and no run has. */
export interface IUnknownField {
  /** As it stands in the search. */
  readonly written: string;
  /** The field that was most likely meant; null where none is alike. */
  readonly near: string | null;
}

/** Texts in quotes, which name nothing, and fields of runs: `metrics.acc`, `` params.`learning rate` ``. */
const TOKEN =
  /"(?:[^"]|"")*"|'(?:[^']|'')*'|\b(metric|param|parameter|tag|data)s?\.(`[^`]*`|[\w.]*\w)(\{[^}]*\})?/g;

/** So many letters that are wrong, missing or too many are a slip of the hand. */
const SLIP = 2;

/** The fields of a search that are none of the known columns, each once. */
export function unknownFields(query: string, known: readonly ITableColumn[]): IUnknownField[] {
  const columns = new Set(known.map(({ column }) => column));
  const found = new Map<string, IUnknownField>();
  for (const [written, kind, key, context = ''] of query.matchAll(TOKEN)) {
    if (kind) {
      const field = `${PREFIXES[kind]}.${key}${context}`;
      if (!columns.has(field)) {
        found.set(written, { written, near: nearest(field, [...columns]) });
      }
    }
  }
  return [...found.values()];
}

/** A search with one of its fields replaced by another. */
export function replaceField(query: string, written: string, field: string): string {
  return query.replace(TOKEN, token => (token === written ? field : token));
}

const PREFIXES: Readonly<Record<string, string>> = {
  metric: 'metrics',
  param: 'params',
  parameter: 'params',
  tag: 'tags',
  data: 'data'
};

function nearest(field: string, columns: readonly string[]): string | null {
  const prefix = field.slice(0, field.indexOf('.') + 1);
  const alike = columns
    .filter(column => column.startsWith(prefix))
    .map(column => ({ column, distance: distanceOf(field, column) }))
    .filter(({ distance }) => distance <= SLIP)
    .sort((one, other) => one.distance - other.distance);
  return alike[0]?.column ?? null;
}

/** How many letters have to be changed, added or taken away to make one text of another. */
function distanceOf(one: string, other: string): number {
  if (Math.abs(one.length - other.length) > SLIP) {
    return Infinity;
  }
  let row = Array.from({ length: other.length + 1 }, (_, place) => place);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const isSame = one[i - 1] === other[j - 1];
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (isSame ? 0 : 1)));
    }
    row = next;
  }
  return row[other.length];
}
