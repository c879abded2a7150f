import { lowerBound } from '../../models/curveData';
import type { ILine } from './lines';

/** What a line says at some x. */
export interface IReading {
  line: ILine;
  /** The place of the row in the line's columns. */
  place: number;
  x: number;
  value: number;
  /** The lowest and highest of the values that the row stands for, where there are several. */
  low: number | null;
  high: number | null;
}

/** What each line says nearest to x; lines that have ended, or have not begun, say nothing. */
export function readingsAt(lines: readonly ILine[], x: number, reach: number): IReading[] {
  return lines.flatMap(line => {
    const place = nearest(line.curve.x, x);
    const at = line.curve.x[place];
    if (at === undefined) {
      return [];
    }
    const [first, last] = [line.curve.x[0], line.curve.x[line.curve.x.length - 1]];
    if (x < first - reach || x > last + reach) {
      return [];
    }
    const { min, max } = line.curve;
    const isRange = min !== null && max !== null && min[place] < max[place];
    return {
      line,
      place,
      x: at,
      value: line.values[place],
      low: isRange ? min[place] : null,
      high: isRange ? max[place] : null
    };
  });
}

/** The next x of any line in a direction, for who moves with the keyboard. */
export function nextX(lines: readonly ILine[], x: number, direction: 1 | -1): number | null {
  let best: number | null = null;
  for (const { curve } of lines) {
    let place = lowerBound(curve.x, x);
    if (direction === 1) {
      while (place < curve.x.length && curve.x[place] <= x) {
        place += 1;
      }
    } else {
      place -= 1;
    }
    const found = curve.x[place];
    if (found !== undefined && (best === null || (direction === 1 ? found < best : found > best))) {
      best = found;
    }
  }
  return best;
}

function nearest(numbers: readonly number[], wanted: number): number {
  const above = lowerBound(numbers, wanted);
  if (above === 0) {
    return 0;
  }
  const isBelow =
    above === numbers.length || wanted - numbers[above - 1] <= numbers[above] - wanted;
  return isBelow ? above - 1 : above;
}
