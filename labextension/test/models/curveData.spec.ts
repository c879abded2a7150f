import { append, lowerBound, shortestEnd } from '../../src/models/curveData';
import { curveOf, pageOf } from '../support/curves';

describe('append', () => {
  it('puts new points behind the known ones, each once', () => {
    const known = pageOf([curveOf('a', [1, 2, 3]), curveOf('b', [1, 2, 3, 4])]);
    const from = shortestEnd(known, ['a', 'b'])!;
    expect(from).toBe(2);
    const news = pageOf([
      curveOf('a', [2, 3, 30], { x: [1, 2, 3] }),
      curveOf('b', [2, 3, 4, 40], { x: [1, 2, 3, 4] })
    ]);
    const [a, b] = append(known, news, from, 100)!.curves;
    expect([a.x, a.values]).toEqual([
      [0, 1, 2, 3],
      [1, 2, 3, 30]
    ]);
    expect([b.x, b.values]).toEqual([
      [0, 1, 2, 3, 4],
      [1, 2, 3, 4, 40]
    ]);
  });

  it('keeps a bucket whole that began before', () => {
    const buckets = { x: [50, 150, 199], min: [0, 0, -7], max: [9, 9, 99], total: 200 };
    const known = pageOf([curveOf('a', [5, 5, 5], buckets)]);
    const more = curveOf('a', [6, 7, 8], { x: [120, 199, 200], total: 201 });
    const [a] = append(known, pageOf([more]), 120, 100)!.curves;
    expect(a).toMatchObject({ x: [50, 150, 199, 200], total: 201 });
    expect([a.min, a.max]).toEqual([
      [0, 0, 7, 8],
      [9, 9, 7, 8]
    ]);
    // From its very end on nothing of it is given up.
    const [b] = append(known, pageOf([more]), 199, 100)!.curves;
    expect([b.x, b.max]).toEqual([
      [50, 150, 199, 200],
      [9, 9, 99, 8]
    ]);
  });

  it('gives up where a curve is new, or too much has come', () => {
    const known = pageOf([curveOf('a', [1, 2])]);
    const other = curveOf('a', [1], { context: { subset: 'val' } });
    expect(append(known, pageOf([other]), 1, 100)).toBeNull();
    const many = curveOf('a', [1, 2, 3, 4, 5]);
    expect(append(known, pageOf([many]), 1, 4)).toBeNull();
  });

  it('begins where the shortest curve ends, if all have points', () => {
    const page = pageOf([curveOf('a', [1, 2, 3]), curveOf('b', [1])]);
    expect([shortestEnd(page, ['a']), shortestEnd(page, ['a', 'b'])]).toEqual([2, 0]);
    expect(shortestEnd(page, ['a', 'unknown'])).toBeNull();
    expect(lowerBound([1, 2, 2, 3], 2)).toBe(1);
  });
});
