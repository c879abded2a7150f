import { ROW_HEIGHT, RowLayout } from '../../src/components/rowLayout';

describe('RowLayout', () => {
  it('puts rows below each other', () => {
    const layout = new RowLayout(5000, []);
    expect(layout.height).toBe(5000 * ROW_HEIGHT);
    expect(layout.top(100)).toBe(100 * ROW_HEIGHT);
    expect(layout.at(100 * ROW_HEIGHT)).toBe(100);
    expect(layout.at(100 * ROW_HEIGHT - 1)).toBe(99);
    expect(layout.at(1e9)).toBe(4999);
    expect(layout.at(-5)).toBe(0);
  });

  it('makes room for rows that are unfolded', () => {
    const layout = new RowLayout(10, [
      { index: 5, extra: 50 },
      { index: 2, extra: 100 },
      { index: -1, extra: 70 }
    ]);
    expect(layout.height).toBe(10 * ROW_HEIGHT + 150);
    expect(layout.top(2)).toBe(2 * ROW_HEIGHT);
    expect(layout.top(3)).toBe(3 * ROW_HEIGHT + 100);
    expect(layout.top(6)).toBe(6 * ROW_HEIGHT + 150);
  });

  it('finds each row by its place again, details included', () => {
    const layout = new RowLayout(10, [
      { index: 2, extra: 100 },
      { index: 5, extra: 50 }
    ]);
    for (let index = 0; index < 10; index += 1) {
      expect(layout.at(layout.top(index))).toBe(index);
      expect(layout.at(layout.top(index) + ROW_HEIGHT - 1)).toBe(index);
    }
    expect(layout.at(layout.top(3) - 1)).toBe(2);
  });

  it('knows an empty list', () => {
    expect(new RowLayout(0, []).at(0)).toBe(0);
    expect(new RowLayout(0, []).height).toBe(0);
  });
});
