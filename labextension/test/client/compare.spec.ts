import { bestIn, type IComparedMetric } from '../../src/client/compare';

describe('bestIn', () => {
  const row = (values: (number | null)[], goal: IComparedMetric['goal']): IComparedMetric => ({
    key: 'm',
    values,
    goal,
    differs: true,
    absolute: [],
    relative: [],
    better: []
  });

  it('is the highest or the lowest, as the goal says, NaN left out', () => {
    expect([...bestIn(row([1, 3, NaN, null, 2], 'max'))]).toEqual([1]);
    expect([...bestIn(row([1, 3, NaN, null, 2], 'min'))]).toEqual([0]);
    expect([...bestIn(row([2, 1, 1], 'min'))]).toEqual([1, 2]);
  });

  it('is nothing without a goal, or where there is nothing to choose', () => {
    expect(bestIn(row([1, 2], null)).size).toBe(0);
    expect(bestIn(row([1, null], 'max')).size).toBe(0);
    expect(bestIn(row([1, 1], 'max')).size).toBe(0);
  });
});
