/** A column that rows are sorted by. */
export interface ISortKey {
  readonly column: string;
  readonly isReverse: boolean;
}

/** The order as the server takes it. */
export function orderText(keys: readonly ISortKey[]): string {
  return keys.map(({ column, isReverse }) => (isReverse ? `${column} desc` : column)).join(', ');
}

/** The order that a text says, as `metrics.acc desc, started`. */
export function parseOrder(text: string): ISortKey[] {
  return splitTop(text, /^,/)
    .map(part => part.trim())
    .filter(Boolean)
    .map(part => {
      const direction = /^(.*\S)\s+(asc|desc)$/is.exec(part);
      return {
        column: direction ? direction[1] : part,
        isReverse: direction?.[2].toLowerCase() === 'desc'
      };
    });
}

/** A search without the order at its end, and that order. */
export function splitOrder(query: string): { condition: string; order: string } {
  const parts = splitTop(query, /^\border\s+by\b/i, true);
  return { condition: parts[0].trim(), order: parts.slice(1).join(' ').trim() };
}

/**
 * What a click on a column's head makes of the order: up, down, and back to none. With `isAdded` the column joins the
 * others, as the last one or where it was.
 */
export function toggleSort(
  keys: readonly ISortKey[],
  column: string,
  isAdded: boolean,
  isReverseFirst = false
): ISortKey[] {
  const known = keys.find(key => key.column === column);
  const first = { column, isReverse: isReverseFirst };
  if (!known) {
    return isAdded ? [...keys, first] : [first];
  }
  const isLast = known.isReverse !== isReverseFirst;
  const next = { column, isReverse: !known.isReverse };
  if (!isAdded) {
    return isLast && keys.length === 1 ? [] : keys.length > 1 ? [first] : [next];
  }
  return isLast ? keys.filter(key => key !== known) : keys.map(key => (key === known ? next : key));
}

/** The pieces of a text between the places where `mark` stands, outside of quotes and parentheses. */
function splitTop(text: string, mark: RegExp, isWord = false): string[] {
  const parts: string[] = [];
  let start = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    if (sign === '"' || sign === "'" || sign === '`') {
      const end = text.indexOf(sign, at + 1);
      at = end < 0 ? text.length : end;
    } else if (sign === '(' || sign === '{') {
      depth += 1;
    } else if (sign === ')' || sign === '}') {
      depth -= 1;
    } else if (depth === 0 && !(isWord && /\w/.test(text[at - 1] ?? ' '))) {
      const match = mark.exec(text.slice(at));
      if (match) {
        parts.push(text.slice(start, at));
        at += match[0].length - 1;
        start = at + 1;
      }
    }
  }
  parts.push(text.slice(start));
  return parts;
}
