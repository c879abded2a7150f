import type { JsonValue } from '../../client/types';
import { formatExact, formatExactValue } from '../../format';

/** What a table is copied as. */
export type CopyFormat = 'csv' | 'markdown';

/** Rows as CSV (RFC 4180) or as a table in Markdown; numbers with all of their digits, nothing for what is missing. */
export function tableText(
  format: CopyFormat,
  heads: readonly string[],
  rows: readonly (readonly JsonValue[])[]
): string {
  return format === 'csv' ? csvText(heads, rows) : markdownText(heads, rows);
}

function csvText(heads: readonly string[], rows: readonly (readonly JsonValue[])[]): string {
  const line = (cells: readonly JsonValue[]) => cells.map(csvCell).join(',');
  return [line(heads), ...rows.map(line)].join('\r\n') + '\r\n';
}

function csvCell(value: JsonValue): string {
  const text = plainText(value);
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

function markdownText(heads: readonly string[], rows: readonly (readonly JsonValue[])[]): string {
  const isNumber = heads.map((_, place) => {
    const values = rows.map(row => row[place]).filter(value => value !== null);
    return values.length > 0 && values.every(value => typeof value === 'number');
  });
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return (
    [
      line(heads.map(markdownCell)),
      line(isNumber.map(right => (right ? '---:' : '---'))),
      ...rows.map(row => line(row.map(markdownCell)))
    ].join('\n') + '\n'
  );
}

function markdownCell(value: JsonValue): string {
  return plainText(value).replace(/\\/g, '\\\\').replace(/\|/g, '\\|').replace(/\r?\n/g, '<br>');
}

function plainText(value: JsonValue): string {
  if (typeof value === 'number') {
    return formatExact(value);
  }
  return value === null ? '' : formatExactValue(value);
}
