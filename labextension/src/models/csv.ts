import type { JsonValue } from '../client/types';

/** Rows as the text of a CSV file (RFC 4180), with all digits; what is missing is empty. */
export function toCsv(columns: readonly string[], rows: readonly (readonly JsonValue[])[]): string {
  return [columns, ...rows].map(row => row.map(toField).join(',')).join('\r\n') + '\r\n';
}

function toField(value: JsonValue): string {
  if (value === null) {
    return '';
  }
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
