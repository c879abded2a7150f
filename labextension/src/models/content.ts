import { toNumber } from '../client/numbers';

/** A line of a chart: a class of a classifier, say. */
export interface ICurve {
  label: string;
  x: number[];
  y: number[];
  /** The area under the curve, or the average precision; null where there is none. */
  score: number | null;
  /** How many samples stand behind each point; empty where nobody counted. */
  counts: number[];
}

export interface IConfusion {
  labels: string[];
  /** A row for each true class, a column for each predicted one. */
  counts: number[][];
}

export interface IHistogram {
  counts: number[];
  /** One more than there are counts. */
  edges: number[];
}

/** Content that is not of its kind's form. */
export class ContentError extends Error {}

/** Return the confusion matrix in a value's content; raises ContentError. */
export function readConfusion(text: string): IConfusion {
  const record = readRecord(text);
  const labels = list(record.labels).map(toText);
  const counts = list(record.counts).map(row => list(row).map(toNumber));
  if (counts.length !== labels.length || counts.some(row => row.length !== labels.length)) {
    throw new ContentError('There is not a row and a column for each label.');
  }
  return { labels, counts };
}

/** Return the histogram in a value's content; raises ContentError. */
export function readHistogram(text: string): IHistogram {
  const record = readRecord(text);
  const counts = list(record.counts).map(toNumber);
  const edges = list(record.edges).map(toNumber);
  if (edges.length !== counts.length + 1) {
    throw new ContentError('There is not one edge more than there are counts.');
  }
  return { counts, edges };
}

/** Return the numbers of a vector; raises ContentError. */
export function readVector(text: string): number[] {
  return list(readRecord(text).values).map(toNumber);
}

/** What the lists of a curve are called in the content of each kind. */
const AXES = {
  roc: { x: 'fpr', y: 'tpr', score: 'auc' },
  pr: { x: 'recall', y: 'precision', score: 'average_precision' },
  calibration: { x: 'predicted', y: 'observed', score: '' }
} as const;

export type CurveKind = keyof typeof AXES;

/** Return the curves in a value's content; raises ContentError. */
export function readCurves(text: string, kind: CurveKind): ICurve[] {
  const axes = AXES[kind];
  return list(readRecord(text).curves).map(item => {
    const record = item as Record<string, unknown> | null;
    const x = list(record?.[axes.x]).map(toNumber);
    const y = list(record?.[axes.y]).map(toNumber);
    if (x.length !== y.length) {
      throw new ContentError(`There are not as many values of ${axes.x} as of ${axes.y}.`);
    }
    const score = axes.score ? record?.[axes.score] : undefined;
    return {
      label: toText(record?.label),
      x,
      y,
      score: score === undefined || score === null ? null : toNumber(score),
      counts: Array.isArray(record?.counts) ? record.counts.map(toNumber) : []
    };
  });
}

function readRecord(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ContentError('It is no JSON.');
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new ContentError('It is no JSON object.');
  }
  return value as Record<string, unknown>;
}

function list(value: unknown): unknown[] {
  if (!Array.isArray(value)) {
    throw new ContentError('A list is missing.');
  }
  return value;
}

/** A label as text; labels can be numbers and truth values. */
function toText(value: unknown): string {
  if (typeof value === 'string') {
    return value;
  }
  return value === undefined || value === null ? '' : JSON.stringify(value);
}
