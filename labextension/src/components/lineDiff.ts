/** A line of two texts side by side; null where a side has none. */
export interface IDiffLine {
  left: string | null;
  right: string | null;
  isSame: boolean;
}

/** Up to how many pairs of lines are looked at; longer texts are shown as replaced where they differ. */
const LIMIT = 4_000_000;

/** Put two texts side by side: equal lines opposite each other, changed ones opposite what replaced them. */
export function lineDiff(left: string, right: string): IDiffLine[] {
  const a = left.split('\n');
  const b = right.split('\n');
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) {
    head += 1;
  }
  let tail = 0;
  while (
    tail < Math.min(a.length, b.length) - head &&
    a[a.length - 1 - tail] === b[b.length - 1 - tail]
  ) {
    tail += 1;
  }
  const same = (line: string): IDiffLine => ({ left: line, right: line, isSame: true });
  const middle = between(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  return [...a.slice(0, head).map(same), ...middle, ...a.slice(a.length - tail).map(same)];
}

function between(a: readonly string[], b: readonly string[]): IDiffLine[] {
  const lines: IDiffLine[] = [];
  let [i, j] = [0, 0];
  for (const [x, y] of [...commonLines(a, b), [a.length, b.length]]) {
    lines.push(...replaced(a.slice(i, x), b.slice(j, y)));
    if (x < a.length) {
      lines.push({ left: a[x], right: b[y], isSame: true });
    }
    [i, j] = [x + 1, y + 1];
  }
  return lines;
}

function replaced(a: readonly string[], b: readonly string[]): IDiffLine[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, place) => ({
    left: a[place] ?? null,
    right: b[place] ?? null,
    isSame: false
  }));
}

/** The places of a longest common subsequence, by the textbook's table. */
function commonLines(a: readonly string[], b: readonly string[]): [number, number][] {
  if (a.length * b.length > LIMIT) {
    return [];
  }
  const width = b.length + 1;
  const table = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      table[i * width + j] =
        a[i] === b[j]
          ? table[(i + 1) * width + j + 1] + 1
          : Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
    }
  }
  const places: [number, number][] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      places.push([i, j]);
      [i, j] = [i + 1, j + 1];
    } else if (table[(i + 1) * width + j] >= table[i * width + j + 1]) {
      i += 1;
    } else {
      j += 1;
    }
  }
  return places;
}
