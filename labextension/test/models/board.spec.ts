import { BoardModel, MOST_CHARTS } from '../../src/models/board';
import { chartCode, literal } from '../../src/models/chartCode';
import { toCsv } from '../../src/models/csv';

function boardOf(...kinds: string[]): BoardModel {
  const board = new BoardModel();
  kinds.forEach(kind => board.add({ kind, options: { x: 'params.lr' } }));
  return board;
}

const kindsOf = (board: BoardModel) => board.charts.map(({ kind }) => kind);

describe('BoardModel', () => {
  it('adds, duplicates and moves charts', () => {
    const board = boardOf('a', 'b', 'c');
    const [first, , last] = board.charts;
    board.move(last.id, 0);
    expect(kindsOf(board)).toEqual(['c', 'a', 'b']);
    board.move(last.id, 99);
    expect(kindsOf(board)).toEqual(['a', 'b', 'c']);
    const copy = board.duplicate(first.id)!;
    expect(kindsOf(board)).toEqual(['a', 'a', 'b', 'c']);
    expect(copy.id).not.toBe(first.id);
    expect(copy.options).toEqual(first.options);
  });

  it('takes a chart away and brings it back to its place', () => {
    const board = boardOf('a', 'b', 'c');
    const [, middle] = board.charts;
    board.remove(middle.id);
    expect(kindsOf(board)).toEqual(['a', 'c']);
    expect(board.removed).toBe(middle);
    board.restore();
    expect(board.charts[1]).toBe(middle);
    expect(board.removed).toBeNull();
  });

  it('keeps sizes within what can be seen', () => {
    const board = boardOf('a');
    const [{ id }] = board.charts;
    board.resize(id, 9, 10);
    expect(board.get(id)).toMatchObject({ width: 4, height: 120 });
    board.resize(id, 0, 99_999);
    expect(board.get(id)).toMatchObject({ width: 1, height: 1200 });
  });

  it('tells of changes alone', () => {
    const board = boardOf('a', 'b');
    const [{ id }] = board.charts;
    const before = board.version;
    board.setOptions(id, { x: 'params.lr' });
    board.rename(id, '  ');
    board.move(id, 0);
    expect(board.version).toBe(before);
    board.setOptions(id, { y: 'metrics.acc' });
    expect(board.get(id)!.options).toEqual({ x: 'params.lr', y: 'metrics.acc' });
    expect(board.version).toBe(before + 1);
  });

  it('has an end', () => {
    const board = boardOf(...Array.from({ length: MOST_CHARTS }, () => 'a'));
    expect(board.add({ kind: 'b', options: {} })).toBeNull();
    expect(board.charts).toHaveLength(MOST_CHARTS);
  });

  it('comes back from what was saved, and survives what is none', () => {
    const board = boardOf('a', 'b');
    board.rename(board.charts[1].id, 'Mine');
    board.resize(board.charts[0].id, 2, 300);
    const other = new BoardModel();
    other.load(board.toJSON());
    expect(other.toJSON()).toEqual(board.toJSON());
    other.load({ charts: [{ kind: 'c', width: 99, height: 'x' }, 7, null, { options: {} }] });
    expect(other.charts).toMatchObject([{ kind: 'c', width: 4, height: 260, options: {} }]);
    other.load('nonsense');
    expect(other.charts).toEqual([]);
  });
});

describe('The code of a chart', () => {
  const scope = { query: 'metrics.acc > 0.5', notebook: null, experiment: null, trashed: false };

  it('names what is asked, and nothing that is not', () => {
    const code = chartCode('scatter', null, { x: 'params.lr', log_x: true, size: null }, { scope });
    expect(code).toBe(
      'import trackbook as tb\n\n' +
        'tb.chart("scatter", query="metrics.acc > 0.5", x="params.lr", log_x=True)'
    );
  });

  it('writes many runs on lines of their own', () => {
    const runs = Array.from({ length: 5 }, (_, i) => `019aa5b0-0000-7000-8000-00000000000${i}`);
    const code = chartCode('bars', 'A "b"', { columns: ['metrics.acc'] }, { runs })!;
    expect(code.split('\n')).toHaveLength(8);
    expect(code).toContain('    title="A \\"b\\"",\n)');
  });

  it('is none where a notebook can not draw it', () => {
    expect(chartCode('media', null, null, { scope })).toBeNull();
  });

  it('holds values as Python has them', () => {
    expect(literal([true, null, 1.5, 'é\u2028\n', { a: false }])).toBe(
      '[True, None, 1.5, "é\\u2028\\n", {"a": False}]'
    );
  });
});

describe('toCsv', () => {
  it('quotes what needs it and keeps all digits', () => {
    expect(
      toCsv(
        ['run', 'a,b'],
        [
          ['x "y"', 0.1 + 0.2],
          [null, true],
          ['a\nb', [1, 'c']]
        ]
      )
    ).toBe('run,"a,b"\r\n"x ""y""",0.30000000000000004\r\n,true\r\n"a\nb","[1,""c""]"\r\n');
  });
});
