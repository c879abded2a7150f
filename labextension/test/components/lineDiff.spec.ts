import { type IDiffLine, lineDiff } from '../../src/components/lineDiff';

function text(lines: IDiffLine[], side: 'left' | 'right'): string {
  return lines
    .map(line => line[side])
    .filter(line => line !== null)
    .join('\n');
}

describe('lineDiff', () => {
  it('puts equal lines opposite each other, and changed ones opposite what replaced them', () => {
    const lines = lineDiff('a\nb\nc\nd', 'a\nx\nc\ny\nd');
    expect(lines).toEqual([
      { left: 'a', right: 'a', isSame: true },
      { left: 'b', right: 'x', isSame: false },
      { left: 'c', right: 'c', isSame: true },
      { left: null, right: 'y', isSame: false },
      { left: 'd', right: 'd', isSame: true }
    ]);
  });

  it.each([
    ['', ''],
    ['a', ''],
    ['', 'a\nb'],
    ['a\nb\na\nb', 'b\na\nb\na'],
    ['x\ny\nz', 'z\ny\nx'],
    ['same\n\n\nsame', 'same\n\nsame']
  ])('loses no line of %p and %p', (left, right) => {
    const lines = lineDiff(left, right);
    expect(text(lines, 'left')).toBe(left);
    expect(text(lines, 'right')).toBe(right);
    expect(lines.every(line => !line.isSame || line.left === line.right)).toBe(true);
  });

  it('shows very long texts as replaced rather than thinking for minutes', () => {
    const left = Array.from({ length: 3000 }, (_, i) => `left ${i}`).join('\n');
    const right = Array.from({ length: 3000 }, (_, i) => `right ${i}`).join('\n');
    expect(lineDiff(left, right)).toHaveLength(3000);
  });
});
