import {
  columnLabels,
  ColumnsModel,
  makeColumn,
  MAX_SPARKS,
  quoteKey,
  sparkColumn,
  sparkKey,
  tagKey
} from '../../../src/models/table/columns';
import { firstColumns, metricKey, summaryColumn } from '../../../src/models/table/firstColumns';
import { isSameSpec, specFromJson, specToJson } from '../../../src/models/table/tableSpec';
import { SPEC } from '../../support/table';

const names = (model: ColumnsModel) => model.columns.map(({ column }) => column);

describe('ColumnsModel', () => {
  it('adds each column once, and as many curves as the server hands out', () => {
    const model = new ColumnsModel();
    const changed = jest.fn();
    model.changed.connect(changed);
    expect(model.add('name')).toBe(true);
    expect(model.add('name')).toBe(true);
    expect(changed).toHaveBeenCalledTimes(1);
    for (let place = 0; place < MAX_SPARKS; place += 1) {
      expect(model.add(sparkColumn(`m${place}`))).toBe(true);
    }
    expect(model.add(sparkColumn('one more'))).toBe(false);
    expect(model.add('params.lr')).toBe(true);
  });

  it('keeps pinned columns first, wherever columns are moved', () => {
    const model = new ColumnsModel(['a', 'b', 'c', 'd'].map(column => makeColumn(column)));
    model.pin('c', true);
    expect(names(model)).toEqual(['c', 'a', 'b', 'd']);
    model.move(3, 1);
    expect(names(model)).toEqual(['c', 'd', 'a', 'b']);
    model.move(2, 0);
    expect(names(model)).toEqual(['a', 'c', 'd', 'b']);
    expect(model.pinned).toBe(2);
    model.move(0, 3);
    expect(model.find('a')?.isPinned).toBe(false);
    expect(names(model)).toEqual(['c', 'd', 'b', 'a']);
    model.move(1, 9);
    expect(names(model)).toEqual(['c', 'd', 'b', 'a']);
  });

  it('lets no column vanish by its width', () => {
    const model = new ColumnsModel([makeColumn('a')]);
    model.resize('a', 1);
    expect(model.find('a')!.width).toBeGreaterThan(20);
    model.resize('a', 140.4);
    expect(model.find('a')!.width).toBe(140);
  });
});

describe('columns', () => {
  it('have short names, and whole ones where two would read the same', () => {
    const columns = ['params.lr', 'metrics.acc', 'tags.acc', 'min(metrics.loss)', 'tags.`a b`'];
    expect([...columnLabels(columns).values()]).toEqual([
      'lr',
      'metrics.acc',
      'tags.acc',
      'min loss',
      'a b'
    ]);
  });

  it('tell curves and tags from others', () => {
    expect(sparkKey('spark(train/loss)')).toBe('train/loss');
    expect(sparkKey('metrics.loss')).toBeNull();
    expect(tagKey('tags.team')).toBe('team');
    expect(tagKey('tags.`a b`')).toBe('a b');
    expect(tagKey('params.team')).toBeNull();
    expect(quoteKey('train/loss')).toBe('`train/loss`');
    expect(quoteKey('val.acc')).toBe('val.acc');
  });

  it('are as wide as their heads, within limits', () => {
    const widthOf = (column: string) => makeColumn(column).width;
    expect(widthOf('metrics.acc')).toBe(90);
    expect(widthOf('metrics.acc{subset=val}')).toBeGreaterThan(120);
    expect(widthOf('metrics.acc / metrics.size')).toBeGreaterThan(190);
    expect(widthOf(`metrics.${'a'.repeat(90)}`)).toBe(240);
  });

  it('know their metric', () => {
    expect(metricKey('metrics.acc{subset=val}')).toBe('acc{subset=val}');
    expect(metricKey('metrics.`train/loss`')).toBe('train/loss');
    expect(metricKey('metrics.`train/loss`{subset=val}')).toBe('train/loss{subset=val}');
    expect(metricKey('params.lr')).toBeNull();
    expect(summaryColumn('min', 'metrics.`train/loss`{subset=val}')).toBe(
      'min(metrics.`train/loss`{subset=val})'
    );
  });

  it('are chosen by what most runs have, metrics with a goal first', () => {
    const known = [
      { column: 'metrics.loss', kind: 'metric', type: 'number', count: 9, goal: null },
      { column: 'metrics.acc', kind: 'metric', type: 'number', count: 3, goal: 'max' },
      { column: 'max(metrics.acc)', kind: 'metric', type: 'number', count: 3, goal: 'max' },
      { column: 'params.rare', kind: 'param', type: 'number', count: 1, goal: null },
      { column: 'params.lr', kind: 'param', type: 'number', count: 9, goal: null }
    ] as const;
    const columns = firstColumns(known).map(({ column }) => column);
    expect(columns).toEqual([
      'number',
      'name',
      'status',
      'started',
      'duration',
      'experiment',
      'spark(acc)',
      'metrics.acc',
      'metrics.loss',
      'params.lr',
      'params.rare'
    ]);
  });
});

describe('a specification', () => {
  it('comes back from JSON as it was', () => {
    const spec = {
      ...SPEC,
      query: 'metrics.acc > 0.9',
      sort: [{ column: 'metrics.acc', isReverse: true }],
      groupBy: ['params.lr'],
      aggregation: 'max' as const,
      notebook: 'train.ipynb',
      experiment: 'churn',
      trashed: true,
      columns: [makeColumn('metrics.acc', { isPinned: true, format: 'percent', width: 77 })]
    };
    const back = specFromJson(JSON.parse(JSON.stringify(specToJson(spec))));
    expect(back).toEqual(spec);
    expect(isSameSpec(spec, back)).toBe(true);
    expect(isSameSpec(spec, SPEC)).toBe(false);
  });

  it('opens whatever a view holds', () => {
    const odd = { query: 3, columns: [{ column: 'a' }, { column: 'a' }, 7], group_by: 'x' };
    expect(specFromJson(odd)).toMatchObject({ query: '', groupBy: [], aggregation: 'mean' });
    expect(specFromJson(odd)).toMatchObject({ experiment: null, notebook: null, trashed: false });
    expect(specFromJson(odd).columns).toHaveLength(1);
    expect(specFromJson(null).columns).toEqual([]);
  });
});
