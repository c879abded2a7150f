import type { JsonValue } from '../../src/client/types';
import { makeParallelAxis, MISSING } from '../../src/models/parallelAxis';

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

  it('says a range of numbers as a condition', () => {
    const made = axis([0, 10, null], 'metrics.acc');
    expect(made.condition({ from: 0.25, to: 0.5 })).toBe('metrics.acc >= 2.5 and metrics.acc <= 5');
    expect(made.condition({ from: 0, to: 0.5 })).toBe('metrics.acc <= 5');
    expect(made.condition({ from: 0, to: 1 })).toBe('metrics.acc is not null');
    expect(made.condition({ from: MISSING, to: 1 })).toBe('');
    expect(made.condition({ from: MISSING, to: 0.5 })).toBe(
      '(metrics.acc <= 5 or metrics.acc is null)'
    );
    expect(made.condition({ from: MISSING, to: MISSING })).toBe('metrics.acc is null');
    expect(axis([0, 10]).condition({ from: 0, to: 1 })).toBe('');
  });

  it('says words as a condition, quoted', () => {
    const made = axis(["it's", 'adam', 'sgd', [1, 2]]);
    const places = made.ticks.map(({ place }) => place);
    expect(made.ticks.map(({ label }) => label)).toEqual(['[1,2]', 'adam', "it's", 'sgd']);
    expect(made.condition({ from: places[2], to: places[2] })).toBe("params.x = 'it''s'");
    expect(made.condition({ from: 0, to: places[1] })).toBe("params.x in ('[1,2]', 'adam')");
    expect(made.condition({ from: 0, to: 1 })).toBe('');
  });

  it('says moments as texts', () => {
    const made = axis(['2026-01-01T00:00:00Z', '2026-01-03T00:00:00Z'], 'started', true);
    expect(made.condition({ from: 0.5, to: 1 })).toBe("started >= '2026-01-02T00:00:00.000Z'");
  });

  it('leaves nothing where a brush lies between all values', () => {
    expect(axis(['a', 'b', 'c']).condition({ from: 0.1, to: 0.4 })).toContain('and not');
  });
});
