import { lowerBound } from '../../models/curveData';
import type { IWindow } from '../../models/curveChart';
import type { ILine } from './lines';
import { type IScale, makeScale } from '../../models/scales';

/** What a chart shows of both axes; null: all that there is. */
export interface IRange {
  x: IWindow | null;
  y: IWindow | null;
}

/** Where in a chart what is drawn: sizes in pixels. */
export interface IFrame {
  width: number;
  height: number;
  left: number;
  top: number;
  right: number;
  bottom: number;
  x: IScale;
  y: IScale;
}

const MARGIN = { left: 56, right: 12, top: 8, bottom: 36 };

/** The place and the scales of a chart of these lines. */
export function makeFrame(
  lines: readonly ILine[],
  size: { width: number; height: number },
  range: IRange,
  isLog: { x: boolean; y: boolean }
): IFrame | null {
  const left = MARGIN.left;
  const right = Math.max(left + 10, size.width - MARGIN.right);
  const top = MARGIN.top;
  const bottom = Math.max(top + 10, size.height - MARGIN.bottom);
  const xs = range.x ?? extentOfX(lines, isLog.x);
  if (!xs) {
    return null;
  }
  const x = makeScale(xs.from, xs.to, left, right, isLog.x);
  const ys = range.y ?? extentOfY(lines, x, isLog.y);
  if (!ys) {
    return null;
  }
  return {
    ...size,
    left,
    right,
    top,
    bottom,
    x,
    y: makeScale(ys.from, ys.to, bottom, top, isLog.y)
  };
}

/** From the first to the last x. */
export function extentOfX(lines: readonly ILine[], isLog: boolean): IWindow | null {
  let [from, to] = [Infinity, -Infinity];
  for (const { curve } of lines) {
    const first = isLog ? lowerBound(curve.x, Number.MIN_VALUE) : 0;
    if (first < curve.x.length) {
      from = Math.min(from, curve.x[first]);
      to = Math.max(to, curve.x[curve.x.length - 1]);
    }
  }
  return from <= to ? { from, to } : null;
}

/** From the lowest to the highest value that is seen, with some room around. */
function extentOfY(lines: readonly ILine[], x: IScale, isLog: boolean): IWindow | null {
  let [from, to] = [Infinity, -Infinity];
  const take = (value: number) => {
    if (Number.isFinite(value) && (!isLog || value > 0)) {
      from = Math.min(from, value);
      to = Math.max(to, value);
    }
  };
  for (const line of lines) {
    const { curve } = line;
    const end = lowerBound(curve.x, nextAfter(x.high));
    const first = lowerBound(curve.x, x.low);
    for (let place = first; place < end; place += 1) {
      take(line.values[place]);
      take((line.low ?? curve.min ?? curve.values)[place]);
      take((line.high ?? curve.max ?? curve.values)[place]);
    }
    if (first > 0 && first === end && end < curve.x.length) {
      // Between two points a line is seen all the same.
      take(line.values[first - 1]);
      take(line.values[first]);
    }
  }
  if (from > to) {
    return null;
  }
  if (isLog) {
    const room = Math.max(1.05, (to / from) ** 0.05);
    return { from: from / room, to: to * room };
  }
  const room = (to / 2 - from / 2) * 0.1;
  return { from: from - room, to: to + room };
}

function nextAfter(value: number): number {
  return value + Math.max(Math.abs(value) * 1e-15, Number.MIN_VALUE);
}
