import { numberOf } from '../../client/board';
import type { JsonValue } from '../../client/types';
import { formatNumber, formatValue } from '../../format';
import type { INamedFrame } from './useSourced';

/** The values of a column; null where the frame lacks it. */
export function columnOf(frame: INamedFrame, name: string): JsonValue[] | null {
  const place = frame.names.indexOf(name);
  return place < 0 ? null : (frame.columns[place] ?? null);
}

/** A column as numbers; null stands for what is missing, and for what is none. */
export function numbersOf(frame: INamedFrame, name: string): (number | null)[] | null {
  return columnOf(frame, name)?.map(value => numberOf(value)) ?? null;
}

/** What the runs of a frame are called, as `churn #41`. */
export function labelsOf(frame: INamedFrame): string[] {
  const [experiments, numbers] = ['experiment', 'number'].map(name => columnOf(frame, name));
  return frame.ids.map((id, place) => {
    const number = numbers?.[place];
    return typeof number === 'number'
      ? `${textOf(experiments?.[place] ?? null)} #${number}`
      : id.slice(0, 8);
  });
}

/** Whether most of what is there are numbers, so that an axis can be one of numbers. */
export function isNumeric(values: readonly JsonValue[]): boolean {
  let numbers = 0;
  let others = 0;
  for (const value of values) {
    if (typeof value === 'number' || (numberOf(value) !== null && typeof value !== 'boolean')) {
      numbers += 1;
    } else if (value !== null) {
      others += 1;
    }
  }
  return numbers > 0 && others === 0;
}

/** A value as a chart writes it. */
export function textOf(value: JsonValue): string {
  if (value === null) {
    return '–';
  }
  return typeof value === 'number' ? formatNumber(value) : formatValue(value);
}

/** A column's name without what says where it comes from: `acc` for `metrics.acc`. */
export function shortName(column: string): string {
  return /^[\w. `-]+$/.test(column) ? column.replace(/^(metrics|params|tags)\./, '') : column;
}

/** The rows of a frame for tables and files: the run's label, then the columns that were asked for. */
export function frameRows(frame: INamedFrame, columns: readonly string[]): JsonValue[][] {
  const labels = labelsOf(frame);
  const values = columns.map(name => columnOf(frame, name) ?? []);
  return labels.map((label, place) => [label, ...values.map(column => column[place] ?? null)]);
}
