import type { IRun, IRunDetail, ISeries, ISeriesSummary } from './types';

const NON_FINITE: Readonly<Record<string, number>> = {
  NaN: NaN,
  Infinity: Infinity,
  '-Infinity': -Infinity
};

/** Turn a JSON number, or the text that stands for NaN or an infinity, into a number. */
export function toNumber(value: unknown): number {
  if (typeof value === 'number') {
    return value;
  }
  return typeof value === 'string' && value in NON_FINITE ? NON_FINITE[value] : NaN;
}

function toNumbers(values: readonly unknown[]): number[] {
  return values.map(toNumber);
}

function toNumberOrNull(value: unknown): number | null {
  return value === null || value === undefined ? null : toNumber(value);
}

/** Return a copy of `record` with each value decoded by `decode`. */
export function mapValues<T, U>(
  record: Readonly<Record<string, T>>,
  decode: (value: T) => U
): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, decode(value)]));
}

/** Return the run with its metrics as numbers. */
export function decodeRun(run: IRun): IRun {
  return {
    ...run,
    metrics: mapValues(run.metrics, toNumber),
    sparks: mapValues(run.sparks, toNumbers)
  };
}

/** Return the summary with its values as numbers. */
export function decodeSummary(summary: ISeriesSummary): ISeriesSummary {
  return {
    ...summary,
    last: toNumber(summary.last),
    min: toNumberOrNull(summary.min),
    max: toNumberOrNull(summary.max),
    spark: toNumbers(summary.spark)
  };
}

/** Return the series with its values as numbers. */
export function decodeSeries(series: ISeries): ISeries {
  return { ...series, values: toNumbers(series.values) };
}

/** Return the detail with all its metrics as numbers. */
export function decodeDetail(detail: IRunDetail): IRunDetail {
  return { ...detail, run: decodeRun(detail.run), series: detail.series.map(decodeSummary) };
}
