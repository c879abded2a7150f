import { cellText, guessType, hoverText } from '../../../src/models/table/cellText';
import { complete, optionsAt, placeAt } from '../../../src/models/table/completion';
import { tableText } from '../../../src/models/table/copyText';
import { GroupLayout } from '../../../src/models/table/groupLayout';
import { orderText, parseOrder, splitOrder, toggleSort } from '../../../src/models/table/order';
import { withCondition } from '../../../src/models/table/rowRequest';

describe('cells', () => {
  it('show numbers with four digits, or as the column has it', () => {
    expect(cellText(0.123456, 'number', null, 0)).toBe('0.1235');
    expect(cellText(0.123456, 'number', 'percent', 0)).toBe('12.35\u00a0%');
    expect(cellText(0.123456, 'number', 'digits:2', 0)).toBe('0.12');
    expect(cellText(0.123456, 'number', 'exact', 0)).toBe('0.123456');
    expect(cellText(3725, 'duration', null, 0)).toBe('1\u00a0h\u00a002\u00a0m');
    expect(cellText('NaN', 'number', null, 0)).toBe('NaN');
    expect(cellText(NaN, 'number', 'percent', 0)).toBe('NaN');
    expect(cellText(Infinity, 'number', null, 0)).toBe('∞');
  });

  it('show text on one line, and nothing for what is missing', () => {
    expect(cellText('one\n  two', 'text', null, 0)).toBe('one two');
    expect(cellText(null, 'number', null, 0)).toBe('');
    expect(cellText({ a: [1] }, 'text', null, 0)).toBe('{"a":[1]}');
    const moment = '2026-11-27T04:00:00Z';
    expect(cellText(moment, 'time', null, Date.parse(moment) + 300_000)).toContain('5');
  });

  it('show all of a value on hover', () => {
    expect(hoverText(0.1 + 0.2, 'number')).toBe('0.30000000000000004');
    expect(hoverText('one\ntwo', 'text')).toBe('one\ntwo');
    expect(guessType('metrics.acc / metrics.size')).toBe('number');
    expect(guessType('started')).toBe('time');
    expect(guessType('params.x')).toBeNull();
  });
});

describe('a copy', () => {
  const heads = ['name', 'acc', 'a|b'];
  const rows = [
    ['say "hi", all', 0.30000000000000004, null],
    ['two\nlines', NaN, 'x|y']
  ];

  it('as CSV has all digits, and quotes where they are needed', () => {
    expect(tableText('csv', heads, rows)).toBe(
      'name,acc,a|b\r\n"say ""hi"", all",0.30000000000000004,\r\n"two\nlines",NaN,x|y\r\n'
    );
  });

  it('as Markdown is one table, whatever its cells hold', () => {
    expect(tableText('markdown', heads, rows).split('\n')).toEqual([
      '| name | acc | a\\|b |',
      '| --- | ---: | --- |',
      '| say "hi", all | 0.30000000000000004 |  |',
      '| two<br>lines | NaN | x\\|y |',
      ''
    ]);
  });
});

describe('the order', () => {
  it('is read from text and written back', () => {
    const keys = parseOrder('metrics.`a, b` desc, started, max(metrics.x) asc');
    expect(keys).toEqual([
      { column: 'metrics.`a, b`', isReverse: true },
      { column: 'started', isReverse: false },
      { column: 'max(metrics.x)', isReverse: false }
    ]);
    expect(orderText(keys)).toBe('metrics.`a, b` desc, started, max(metrics.x)');
  });

  it('is told from the search before it, quotes and all', () => {
    expect(splitOrder("name = ' order by x' order  by acc desc")).toEqual({
      condition: "name = ' order by x'",
      order: 'acc desc'
    });
    expect(splitOrder('reorder by')).toEqual({ condition: 'reorder by', order: '' });
    expect(splitOrder('order by acc')).toEqual({ condition: '', order: 'acc' });
  });

  it('goes up, down and away with each click', () => {
    const up = toggleSort([], 'a', false);
    expect(orderText(up)).toBe('a');
    const down = toggleSort(up, 'a', false);
    expect(orderText(down)).toBe('a desc');
    expect(toggleSort(down, 'a', false)).toEqual([]);
    expect(orderText(toggleSort(down, 'b', false))).toBe('b');
  });

  it('takes more columns with Shift, each where it was', () => {
    const two = toggleSort(parseOrder('a desc'), 'b', true);
    expect(orderText(two)).toBe('a desc, b');
    expect(orderText(toggleSort(two, 'b', true))).toBe('a desc, b desc');
    expect(orderText(toggleSort(parseOrder('a desc, b desc'), 'a', true))).toBe('b desc');
    expect(orderText(toggleSort(two, 'b', false))).toBe('b');
  });
});

describe('a condition', () => {
  it('is added to a search as a whole, its order left out', () => {
    const scope = {
      query: 'a = 1 or b = 2 order by c',
      notebook: null,
      experiment: 'x',
      trashed: false
    };
    expect(withCondition(scope, 'number <= 9')).toEqual({
      ...scope,
      query: '(a = 1 or b = 2) and number <= 9'
    });
    expect(withCondition({ ...scope, query: '' }, 'number <= 9').query).toBe('number <= 9');
  });
});

describe('GroupLayout', () => {
  it('has a row for each group, and the runs of open ones below them', () => {
    const layout = new GroupLayout(4, [
      { index: 2, count: 3 },
      { index: 0, count: 2 },
      { index: 9, count: 5 }
    ]);
    expect(layout.total).toBe(9);
    const places = Array.from({ length: 9 }, (_, row) => layout.at(row));
    expect(places.map(({ group, row }) => `${group}:${row}`)).toEqual([
      '0:-1',
      '0:0',
      '0:1',
      '1:-1',
      '2:-1',
      '2:0',
      '2:1',
      '2:2',
      '3:-1'
    ]);
    places.forEach(({ group, row }, index) => expect(layout.rowOf(group, row)).toBe(index));
  });
});

describe('completion', () => {
  const columns = [
    { column: 'params.lr', kind: 'param', type: 'number', count: 9, goal: null },
    { column: 'tags.team', kind: 'tag', type: 'text', count: 2, goal: null },
    { column: 'metrics.val_acc', kind: 'metric', type: 'number', count: 5, goal: null }
  ] as const;
  const wanted = (text: string) => {
    const { wanted, field, word } = placeAt(text, text.length);
    return [wanted, field, word];
  };

  it('knows what may come next', () => {
    expect(wanted('')).toEqual(['field', null, '']);
    expect(wanted('par')).toEqual(['field', null, 'par']);
    expect(wanted('params.lr ')).toEqual(['operator', 'params.lr', '']);
    expect(wanted('params.lr = ')).toEqual(['value', 'params.lr', '']);
    expect(wanted("tags.team = 'vis")).toEqual(['value', 'tags.team', "'vis"]);
    expect(wanted("tags.team = 'vision' ")).toEqual(['joiner', null, '']);
    expect(wanted("tags.team = 'vision' and me")).toEqual(['field', null, 'me']);
    expect(wanted('params.lr in (0.1, ')).toEqual(['value', 'params.lr', '']);
    expect(wanted('params.lr not in (')).toEqual(['value', 'params.lr', '']);
    expect(wanted('(params.lr > 1 or (')).toEqual(['field', null, '']);
    expect(wanted('params.lr >')).toEqual(['value', 'params.lr', '']);
    expect(wanted('metrics.`a b` ')).toEqual(['operator', 'metrics.`a b`', '']);
    expect(wanted('params.lr = 1 order by ')).toEqual(['field', null, '']);
  });

  it('offers fields by any part of their names', () => {
    const texts = (text: string) =>
      optionsAt(placeAt(text, text.length), columns).map(option => option.text);
    expect(texts('params')).toEqual(['params.lr']);
    expect(texts('lr')).toEqual(['params.lr']);
    expect(texts('acc')).toEqual(['metrics.val_acc']);
    expect(texts('params.lr ')).toContain('is nan');
    expect(texts('tags.team ')).toContain('contains');
    expect(texts('tags.team con')).toEqual(['contains']);
  });

  it('offers values as the language writes them', () => {
    const place = placeAt('tags.team = ', 12);
    const values = [
      { value: "it's", count: 4 },
      { value: null, count: 3 }
    ];
    const [option] = optionsAt(place, columns, values);
    expect(option).toEqual({ text: "'it''s'", kind: 'value', count: 4 });
    expect(complete('tags.team = ', place, option)).toEqual({
      text: "tags.team = 'it''s' ",
      cursor: 20
    });
  });

  it('writes over the word at the cursor, and keeps what follows', () => {
    const text = 'par > 1';
    const place = placeAt(text, 3);
    const option = { text: 'params.lr', kind: 'field', count: null } as const;
    expect(complete(text, place, option)).toEqual({ text: 'params.lr > 1', cursor: 10 });
  });
});
