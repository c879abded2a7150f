import { bestSoFar, makeAxis, sortTrials, sweptNames, valueOf } from '../../src/models/trials';
import { makeDetail, makeSweep, makeTrial } from '../support/sweeps';

const places = (column: string, isReverse = false, detail = makeDetail()) =>
  sortTrials(detail, { column, isReverse }).map(({ trial }) => trial);

describe('sortTrials', () => {
  it('puts trials without a value last, whichever way round', () => {
    expect(places('value:0')).toEqual([4, 2, 0, 3, 1, 5]);
    expect(places('value:0', true)).toEqual([3, 0, 2, 4, 1, 5]);
  });

  it('orders numbers by size and texts as people do', () => {
    expect(places('trial', true)).toEqual([5, 4, 3, 2, 1, 0]);
    const runs = ['b10', 'b9', 'a'].map((name, trial) => makeTrial(trial, { params: { name } }));
    expect(places('param:name', false, makeDetail({ runs }))).toEqual([2, 1, 0]);
    expect(places('param:depth')).toEqual([0, 3, 1, 4, 2, 5]);
    expect(places('status')[0]).toBe(1);
  });
});

describe('bestSoFar', () => {
  it('follows the best value over the trials that finished', () => {
    expect(bestSoFar(makeDetail(), 0)).toEqual([
      { trial: 0, value: 0.8, best: 0.8 },
      { trial: 2, value: 0.79, best: 0.8 },
      { trial: 3, value: 0.91, best: 0.91 }
    ]);
    const down = makeDetail({ objectives: [{ metric: 'loss', direction: 'min' }] });
    expect(bestSoFar(down, 0).map(({ best }) => best)).toEqual([0.8, 0.79, 0.79]);
  });

  it('leaves out what is no number', () => {
    const runs = [makeTrial(0, { values: [NaN] }), makeTrial(1, { values: [Infinity] })];
    expect(bestSoFar(makeDetail({ runs }), 0)).toEqual([]);
    expect(valueOf(runs[0], 0)).toBeNull();
  });
});

describe('sweptNames', () => {
  it('has the important ones first, and the given order where that is not known', () => {
    expect(sweptNames(makeSweep({ importance: { lr: 0.1, depth: 0.9 } }))).toEqual(['depth', 'lr']);
    expect(sweptNames(makeSweep({ importance: null }))).toEqual(['lr', 'depth']);
  });
});

describe('makeAxis', () => {
  it('places numbers by size, or by order of size', () => {
    const plain = makeAxis('x', [1, 10, 100], false, String);
    expect([1, 100, 50.5].map(plain.place)).toEqual([0, 1, 0.5]);
    const log = makeAxis('x', [1, 10, 100], true, String);
    expect(log.place(10)).toBeCloseTo(0.5);
    expect([log.low, log.high]).toEqual(['1', '100']);
  });

  it('places texts by name, and nothing where there is nothing', () => {
    const axis = makeAxis('x', ['sgd', 'adam', undefined], false, String);
    expect(['adam', 'sgd', 'other', undefined].map(axis.place)).toEqual([0, 1, null, null]);
    expect(makeAxis('x', [3, 3], false, String).place(3)).toBe(0.5);
    expect(makeAxis('x', [], false, String).place(3)).toBeNull();
  });
});
