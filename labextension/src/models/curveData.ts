import type { ICurve, ICurvePage } from '../client/curves';

/** What tells a curve from the others of its page. */
export function curveName(curve: ICurve): string {
  return JSON.stringify([curve.run_id, curve.group, curve.key, curve.context]);
}

/** What owns a curve: the id of its run, or the value of its group as JSON. */
export function ownerOf(curve: ICurve): string {
  return curve.run_id ?? JSON.stringify(curve.group);
}

/** The first x behind which any of these runs can have new points: where the shortest of their curves ends. */
export function shortestEnd(page: ICurvePage, runs: readonly string[]): number | null {
  let least: number | null = null;
  for (const run of runs) {
    const own = page.curves.filter(curve => curve.run_id === run);
    if (!own.length) {
      return null;
    }
    for (const { x } of own) {
      if (!x.length) {
        return null;
      }
      least = Math.min(least ?? Infinity, x[x.length - 1]);
    }
  }
  return least;
}

/**
 * Put what came after `from` behind what was known of the same curves. Null where that can't be: a curve is new, or so
 * much came that the whole is better asked for again.
 */
export function append(
  known: ICurvePage,
  news: ICurvePage,
  from: number,
  most: number
): ICurvePage | null {
  const added = new Map(news.curves.map(curve => [curveName(curve), curve]));
  const curves: ICurve[] = [];
  for (const curve of known.curves) {
    const more = added.get(curveName(curve));
    added.delete(curveName(curve));
    const joined = more ? join(curve, more, from) : curve;
    if (joined.x.length > most && joined !== curve) {
      return null;
    }
    curves.push(joined);
  }
  return added.size ? null : { ...known, revision: news.revision, curves };
}

function join(known: ICurve, more: ICurve, from: number): ICurve {
  // A bucket in which `from` lies has points on both sides of it: it stays whole.
  const isExact = known.min === null;
  const kept = isExact
    ? lowerBound(known.x, from)
    : Math.min(known.x.length, upperBound(known.x, from) + 1);
  const first = isExact ? lowerBound(more.x, from) : upperBound(more.x, known.x[kept - 1]);
  const column = (head: readonly number[] | null, tail: readonly number[] | null) =>
    head || tail
      ? [...(head ?? known.values).slice(0, kept), ...(tail ?? more.values).slice(first)]
      : null;
  return {
    ...more,
    x: [...known.x.slice(0, kept), ...more.x.slice(first)],
    values: [...known.values.slice(0, kept), ...more.values.slice(first)],
    min: column(known.min, more.min),
    max: column(known.max, more.max)
  };
}

/** How many of some rising numbers lie at a limit or below. */
function upperBound(numbers: readonly number[], limit: number): number {
  let place = lowerBound(numbers, limit);
  while (place < numbers.length && numbers[place] <= limit) {
    place += 1;
  }
  return place;
}

/** How many of some rising numbers lie below a limit. */
export function lowerBound(numbers: readonly number[], limit: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] < limit) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
