import type { JsonValue } from '../../client/types';
import type { ILine } from './lines';

/** The columns of curves as a table. */
export const CURVE_COLUMNS = ['curve', 'metric', 'x', 'value', 'min', 'max', 'smoothed'];

/** Curves as rows, one for each point (or bucket) that is drawn; what is not finite is a text, as everywhere. */
export function curveRows(lines: readonly ILine[]): JsonValue[][] {
  return lines.flatMap(line => {
    const { curve } = line;
    return curve.x.map((x, place) => [
      line.label,
      curve.key,
      x,
      plain(curve.values[place]),
      plain(curve.min?.[place]),
      plain(curve.max?.[place]),
      line.raw ? plain(line.values[place]) : null
    ]);
  });
}

function plain(value: number | undefined): JsonValue {
  if (value === undefined) {
    return null;
  }
  return Number.isFinite(value) ? value : String(value);
}
