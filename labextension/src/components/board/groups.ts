import { numberOf } from '../../client/board';
import type { JsonValue } from '../../client/types';
import { textOf } from './frames';

/** The places of the runs that have the same value; `isMissing` for those that have none. */
export interface IValueGroup {
  label: string;
  places: number[];
}

/** More groups than these are not told apart in a chart: the largest are drawn. */
export const MOST_GROUPS = 24;

/** Put places together by a value; numbers in their order, then words, then what is missing. Without values all are one. */
export function groupPlaces(
  values: readonly JsonValue[] | null,
  count: number,
  most = MOST_GROUPS
): IValueGroup[] {
  if (!values) {
    return [{ label: '', places: Array.from({ length: count }, (_, place) => place) }];
  }
  const groups = new Map<string, { value: JsonValue; places: number[] }>();
  values.forEach((value, place) => {
    const key = JSON.stringify(value);
    const group = groups.get(key) ?? { value, places: [] };
    group.places.push(place);
    groups.set(key, group);
  });
  const largest = [...groups.values()]
    .sort((a, b) => b.places.length - a.places.length)
    .slice(0, most);
  return largest
    .sort((a, b) => compare(a.value, b.value))
    .map(({ value, places }) => ({ label: textOf(value), places }));
}

function compare(a: JsonValue, b: JsonValue): number {
  if (a === null || b === null) {
    return Number(a === null) - Number(b === null);
  }
  const [left, right] = [numberOf(a), numberOf(b)];
  if (left !== null && right !== null) {
    return left - right;
  }
  if (left !== null || right !== null) {
    return left !== null ? -1 : 1;
  }
  return textOf(a).localeCompare(textOf(b));
}

/** What some numbers are like. `std` is that of a sample. */
export interface IStatistics {
  count: number;
  mean: number;
  std: number;
  min: number;
  max: number;
  median: number;
}

/** The statistics of the finite numbers among these; null without any. */
export function statisticsOf(values: readonly (number | null)[]): IStatistics | null {
  const known = values
    .filter((value): value is number => value !== null && Number.isFinite(value))
    .sort((a, b) => a - b);
  const count = known.length;
  if (!count) {
    return null;
  }
  const mean = known.reduce((sum, value) => sum + value, 0) / count;
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const middle = Math.floor(count / 2);
  return {
    count,
    mean,
    std: count > 1 ? Math.sqrt(squares / (count - 1)) : NaN,
    min: known[0],
    max: known[count - 1],
    median: count % 2 ? known[middle] : (known[middle - 1] + known[middle]) / 2
  };
}
