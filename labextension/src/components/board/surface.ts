/** A surface over a grid: `z[row][column]` at `y[row]` and `x[column]`; null where no point is near. */
export interface ISurface {
  x: number[];
  y: number[];
  z: (number | null)[][];
}

/** Points that count for a place of the grid, and how far away, in shares of the axes, they may be. */
const NEIGHBOURS = 8;
const REACH = 0.25;

/**
 * A smooth surface through scattered points: at each place of a grid the mean of the nearest points, weighted by the
 * square of their nearness. Axes that are `isLog` are measured by their logarithms.
 */
export function surfaceOf(
  points: readonly { x: number; y: number; z: number }[],
  isLog: { x: boolean; y: boolean },
  cells = 40
): ISurface | null {
  const scaleX = (value: number) => (isLog.x ? Math.log(value) : value);
  const scaleY = (value: number) => (isLog.y ? Math.log(value) : value);
  const [lowX, highX] = extent(points.map(point => scaleX(point.x)));
  const [lowY, highY] = extent(points.map(point => scaleY(point.y)));
  if (points.length < 3 || !(highX > lowX) || !(highY > lowY)) {
    return null;
  }
  const placed = points.map(point => ({
    x: (scaleX(point.x) - lowX) / (highX - lowX),
    y: (scaleY(point.y) - lowY) / (highY - lowY),
    z: point.z
  }));
  const shares = Array.from({ length: cells }, (_, cell) => cell / (cells - 1));
  const unscale = (share: number, low: number, high: number, log: boolean) => {
    const value = low + share * (high - low);
    return log ? Math.exp(value) : value;
  };
  return {
    x: shares.map(share => unscale(share, lowX, highX, isLog.x)),
    y: shares.map(share => unscale(share, lowY, highY, isLog.y)),
    z: shares.map(y => shares.map(x => valueAt(placed, x, y)))
  };
}

function valueAt(
  points: readonly { x: number; y: number; z: number }[],
  x: number,
  y: number
): number | null {
  // The nearest few, kept in order as they are found: a sort of all for each cell would be most of the work.
  const nearest: { distance: number; z: number }[] = [];
  for (const point of points) {
    const distance = (point.x - x) ** 2 + (point.y - y) ** 2;
    if (nearest.length < NEIGHBOURS || distance < nearest[nearest.length - 1].distance) {
      const place = nearest.findIndex(other => distance < other.distance);
      nearest.splice(place < 0 ? nearest.length : place, 0, { distance, z: point.z });
      nearest.length = Math.min(nearest.length, NEIGHBOURS);
    }
  }
  if (!nearest.length || nearest[0].distance > REACH ** 2) {
    return null;
  }
  const near = nearest.filter(({ distance }) => distance < 1e-12);
  if (near.length) {
    return near.reduce((sum, { z }) => sum + z, 0) / near.length;
  }
  let sum = 0;
  let weights = 0;
  for (const { distance, z } of nearest) {
    sum += z / distance;
    weights += 1 / distance;
  }
  return sum / weights;
}

function extent(values: readonly number[]): [number, number] {
  return values.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity]
  );
}
