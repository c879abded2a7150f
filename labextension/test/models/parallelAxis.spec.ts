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
