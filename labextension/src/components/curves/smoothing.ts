import type { ICurve } from '../../client/curves';
import { lowerBound } from '../../models/curveData';

/**
 * The moving mean of a curve, weighted as TensorBoard's: what came before weighs `weight`, and the beginning is not drawn
 * towards zero. A weight is for the distance of two points in `overview`, which is all of the curve: in a window of it,
 * whose points lie closer, the curve stays the same. What is not finite stays as it is.
 */
export function smooth(curve: ICurve, overview: ICurve, weight: number): readonly number[] {
  if (weight <= 0 || overview.x.length < 2) {
    return curve.values;
  }
  const { x } = overview;
  const usual = (x[x.length - 1] - x[0]) / (x.length - 1);
  const state = { sum: 0, weights: 0, at: NaN };
  const step = (place: number, value: number): number => {
    if (!Number.isFinite(value)) {
      return value;
    }
    const distance = usual > 0 && Number.isFinite(state.at) ? (place - state.at) / usual : 1;
    const kept = weight ** distance;
    state.sum = state.sum * kept + value * (1 - kept);
    state.weights = state.weights * kept + (1 - kept);
    state.at = place;
    return state.weights > 0 ? state.sum / state.weights : value;
  };
  // A window goes on where what is before it ends.
  if (curve !== overview && curve.x.length) {
    const before = lowerBound(x, curve.x[0]);
    for (let place = 0; place < before; place += 1) {
      step(x[place], overview.values[place]);
    }
  }
  return curve.values.map((value, place) => step(curve.x[place], value));
}
