import type { JsonValue } from '../../src/client/types';
import { type IBrush, makeParallelAxis, MISSING } from '../../src/models/parallelAxis';
import { sample as readSample } from '../support/samples';

interface IBrushed {
  column: string;
  values: JsonValue[];
  isTime: boolean;
  brush: IBrush;
  condition: string;
}

/** pytest reads the same conditions as searches. */
const BRUSHES = readSample<IBrushed[]>('brushes');

function axis(values: JsonValue[], column = 'params.x', isTime = false) {
  return makeParallelAxis(column, values, isTime);
}

const placesOf = (made: { places: Float32Array }) =>
  [...made.places].map(place => Number(place.toFixed(3)));

describe('An axis of parallel coordinates', () => {
  it('places numbers by size, and by their logarithm where they span orders', () => {
    expect(placesOf(axis([0, 5, 10, null]))).toEqual([0, 0.5, 1, MISSING]);
    expect(placesOf(axis([0.001, 0.01, 0.1, 1]))).toEqual([0, 0.333, 0.667, 1]);
    expect(placesOf(axis([3, 3, null]))).toEqual([0.5, 0.5, MISSING]);
    expect(placesOf(axis(['NaN', 2, 4]))).toEqual([MISSING, 0, 1]);
  });

  it('places all else by its words', () => {
    const made = axis(['sgd', 'adam', true, null, 'sgd']);
    expect(made.ticks.map(({ label }) => label)).toEqual(['adam', 'sgd', 'true']);
    expect(placesOf(made)).toEqual([0.5, 0, 1, MISSING, 0.5]);
  });

  it('marks few numbers themselves, and many at round ones', () => {
    const labels = (values: JsonValue[], isTime = false) =>
      axis(values, 'params.x', isTime).ticks.map(({ label }) => label);
    expect(labels([0.03, 0.001, 0.01, 0.03, null])).toEqual(['0.001', '0.01', '0.03']);
    expect(labels([3, 3])).toEqual(['3']);
    expect(labels([null, 'NaN'])).toEqual([]);
    const many = Array.from({ length: 41 }, (_, place) => 2 + place / 4);
    expect(labels(many)).toEqual(['2', '4', '6', '8', '10', '12']);
    const wide = Array.from({ length: 30 }, (_, place) => 1.4e-6 * 1.4 ** place);
    expect(labels(wide)).toEqual(['1e-5', '0.0001', '0.001', '0.01']);
    const day = '2026-11-27T';
    const times = [`${day}10:03:00Z`, `${day}11:48:00Z`];
    expect(axis(times, 'started', true).ticks.map(({ place }) => place.toFixed(3))).toEqual([
      '0.257',
      '0.543',
      '0.829'
    ]);
    expect(labels([times[0]], true)).toHaveLength(1);
  });

  it.each(BRUSHES)('says as $condition what is brushed', sample => {
    const { column, values, isTime, brush, condition } = sample;
    expect(axis(values, column, isTime).condition(brush)).toBe(condition);
  });

  it('says nothing where a brush leaves nothing out', () => {
    expect(axis([0, 10, null]).condition({ from: MISSING, to: 1 })).toBe('');
    expect(axis([0, 10]).condition({ from: 0, to: 1 })).toBe('');
    expect(axis(['a', 'b']).condition({ from: 0, to: 1 })).toBe('');
  });
});
