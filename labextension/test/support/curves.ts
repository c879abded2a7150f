import { type ICurve, type ICurvePage, type ICurveQuery } from '../../src/client/curves';

/** A curve of a run with these values at the steps 0, 1, … */
export function curveOf(run: string, values: number[], change: Partial<ICurve> = {}): ICurve {
  return {
    run_id: run,
    group: null,
    runs: 1,
    key: 'loss',
    context: {},
    x: values.map((_, step) => step),
    values,
    min: null,
    max: null,
    std: null,
    counts: null,
    total: values.length,
    ...change
  };
}

/** The answer that has these curves. */
export function pageOf(curves: ICurve[], change: Partial<ICurvePage> = {}): ICurvePage {
  const ids = [...new Set(curves.flatMap(curve => curve.run_id ?? []))];
  return {
    revision: 1,
    total: ids.length,
    runs: ids.map((id, place) => ({ id, number: place + 1, experiment: 'churn', name: '' })),
    curves,
    ...change
  };
}

/** A server that has curves; it cuts them to the window that it is asked for, as the real one does. */
export class FakeCurves {
  readonly asked: ICurveQuery[] = [];
  error: Error | null = null;
  /** Answers wait for it. */
  gate: Promise<void> = Promise.resolve();

  constructor(public all: ICurve[]) {}

  async curves(_: string, query: ICurveQuery, signal?: AbortSignal): Promise<ICurvePage> {
    this.asked.push(query);
    const curves = this.all
      .filter(curve => query.runs?.includes(curve.run_id!) ?? true)
      .map(curve => cut(curve, query.from ?? -Infinity, query.to ?? Infinity));
    await this.gate;
    if (signal?.aborted) {
      throw Object.assign(new Error('aborted'), { name: 'AbortError' });
    }
    if (this.error) {
      throw this.error;
    }
    return pageOf(curves);
  }
}

/** The points of a window, and the next ones on both sides. */
function cut(curve: ICurve, from: number, to: number): ICurve {
  const kept = curve.x.flatMap((_, place) => {
    const [before, after] = [curve.x[place - 1] ?? -Infinity, curve.x[place + 1] ?? Infinity];
    return after >= from && before <= to ? place : [];
  });
  return {
    ...curve,
    x: kept.map(place => curve.x[place]),
    values: kept.map(place => curve.values[place])
  };
}
