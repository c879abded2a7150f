import { sparkPath } from '../../src/components/sparkPath';

describe('sparkPath', () => {
  it('goes from edge to edge', () => {
    expect(sparkPath([0, 1, 2], 40, 14)).toBe('M0 14L20 7L40 0');
  });

  it('leaves a gap where a value is not finite', () => {
    expect(sparkPath([0, 1, NaN, 1, Infinity], 40, 10)).toBe('M0 10L10 0M30 0');
  });

  it('is a line in the middle when nothing changes, and nothing for one point', () => {
    expect(sparkPath([3, 3], 40, 14)).toBe('M0 7L40 7');
    expect(sparkPath([3], 40, 14)).toBe('');
    expect(sparkPath([NaN, NaN, 1], 40, 14)).toBe('');
  });
});
