import { type IRichValue, type IRunDetail, type ISeriesSummary } from '../../src/client/types';
import { decodeDetail } from '../../src/client/numbers';
import {
  ContentError,
  readConfusion,
  readCurves,
  readHistogram,
  readVector
} from '../../src/models/content';
import { executionAt } from '../../src/models/executionAt';
import { placeFindings } from '../../src/models/findings';
import { findModels, readModelInfo } from '../../src/models/modelInfo';
import { PageState } from '../../src/models/pageState';
import { foreignTypes, readFigure } from '../../src/models/plotlyFigure';
import { isSystemKey, systemCharts } from '../../src/models/systemMetrics';
import { groupValues } from '../../src/models/values';
import { sample } from '../support/samples';

const detail = decodeDetail(sample<IRunDetail>('run-detail'));

describe('groupValues', () => {
  const logged = (key: string, step: number, second: number, change: Partial<IRichValue> = {}) => ({
    value: { ...detail.values[0].value, context: {}, key, step, ...change },
    at: `2026-11-21T10:00:0${second}Z`,
    cell_id: null
  });

  it('puts steps of a key in order, and keys in that of their first value', () => {
    const groups = groupValues([logged('a', 5, 3), logged('b', 0, 1), logged('a', 2, 2)]);
    expect(groups.map(group => group.name)).toEqual(['b', 'a']);
    expect(groups[1].values.map(item => item.value.step)).toEqual([2, 5]);
  });

  it('tells contexts apart, and lets a value logged again take the earlier one’s place', () => {
    const context = { subset: 'val' };
    const groups = groupValues([
      logged('a', 1, 2, { digest: 'second' }),
      logged('a', 1, 1, { digest: 'first' }),
      logged('a', 1, 3, { context })
    ]);
    expect(groups.map(group => group.name)).toEqual(['a', 'a{subset=val}']);
    expect(groups[0].values.map(item => item.value.digest)).toEqual(['second']);
  });
});

describe('content', () => {
  it('is read with what is not finite', () => {
    expect(readVector('{"values":[1,"NaN","-Infinity"]}')).toEqual([1, NaN, -Infinity]);
    expect(readHistogram('{"counts":[1,2],"edges":[0,0.5,1]}').edges).toEqual([0, 0.5, 1]);
    const roc = { label: 1, fpr: [0, 1], tpr: [0, 1], thresholds: ['Infinity', 0], auc: 'NaN' };
    const [curve] = readCurves(JSON.stringify({ curves: [roc] }), 'roc');
    expect(curve).toEqual({ label: '1', x: [0, 1], y: [0, 1], score: NaN, counts: [] });
    const bins = { label: 'a', predicted: [0.1], observed: [0.2], counts: [7] };
    const [calibration] = readCurves(JSON.stringify({ curves: [bins] }), 'calibration');
    expect(calibration).toMatchObject({ score: null, counts: [7] });
    const matrix = readConfusion('{"labels":["a",2],"counts":[[1,0],[3,4]]}');
    expect(matrix.labels).toEqual(['a', '2']);
  });

  it.each([
    ['no JSON', () => readVector('nothing')],
    ['no object', () => readVector('[1]')],
    ['no list', () => readVector('{}')],
    ['too few edges', () => readHistogram('{"counts":[1,2],"edges":[0]}')],
    ['too few counts', () => readConfusion('{"labels":["a","b"],"counts":[[1,2]]}')],
    ['a ragged row', () => readConfusion('{"labels":["a","b"],"counts":[[1,2],[3]]}')],
    ['ragged axes', () => readCurves('{"curves":[{"fpr":[0],"tpr":[0,1]}]}', 'roc')],
    ['null for a curve', () => readCurves('{"curves":[null]}', 'pr')]
  ])('that is not of its form is an error: %s', (_, read) => {
    expect(read).toThrow(ContentError);
  });
});

describe('readFigure', () => {
  it('leaves out what would make the browser fetch something', () => {
    const text = JSON.stringify({
      data: [
        { type: 'scatter', y: [1], marker: { symbol: 'x' } },
        { type: 'image', source: 'https://example.org/a.png' },
        { type: 'image', source: 'data:image/png;base64,AAAA' }
      ],
      layout: {
        images: [{ source: '/trackbook/api/projects' }],
        map: { style: 'https://example.org/style.json' },
        template: { layout: { images: [{ source: 'http://example.org/b.png' }] } },
        title: { text: 'A source: kept' }
      }
    });
    const figure = readFigure(text);
    expect(JSON.stringify(figure)).not.toMatch(/example\.org|trackbook\/api/);
    expect(figure.data[2].source).toBe('data:image/png;base64,AAAA');
    expect(figure.layout.title).toEqual({ text: 'A source: kept' });
    expect(foreignTypes(figure)).toEqual(['image']);
  });

  it('keeps map styles that have a name, and takes a trace without a type as a scatter', () => {
    const figure = readFigure('{"data":[{"y":[1]}],"layout":{"map":{"style":"light"}}}');
    expect(figure.layout).toEqual({ map: { style: 'light' } });
    expect(foreignTypes(figure)).toEqual([]);
  });

  it('refuses what is no figure', () => {
    expect(() => readFigure('{}')).toThrow(ContentError);
    expect(() => readFigure('null')).toThrow(ContentError);
    expect(() => readFigure('{')).toThrow(ContentError);
  });
});

describe('systemCharts', () => {
  const series = (key: string, unit: string | null): ISeriesSummary => ({
    ...detail.series[0],
    key,
    unit
  });

  it('makes a chart for each group and unit, and leaves the work’s metrics out', () => {
    const charts = systemCharts([
      series('loss', null),
      series('system/gpu.0.memory', 'B'),
      series('system/process.memory', 'B'),
      series('system/memory', 'B'),
      series('system/gpu.0.power', 'W'),
      series('system/cpu', '%'),
      series('system/fan', 'rpm')
    ]);
    expect(charts.map(chart => `${chart.group} ${chart.unit}`)).toEqual([
      'cpu %',
      'memory B',
      'gpu B',
      'gpu W',
      'other rpm'
    ]);
    expect(charts[1].series.map(item => item.key)).toEqual([
      'system/process.memory',
      'system/memory'
    ]);
    expect(isSystemKey('systematic')).toBe(false);
  });
});

describe('models among artifacts', () => {
  it('are the folders with a description', () => {
    const [artifact] = detail.artifacts;
    const found = findModels([
      { ...artifact, kind: 'model', path: 'a/b/model.json' },
      { ...artifact, kind: 'model', path: 'a/b/model.skops' },
      { ...artifact, kind: 'file', path: 'c/model.json' }
    ]);
    expect(found).toEqual([{ name: 'a/b', path: 'a/b/model.json' }]);
  });

  it('say their columns, and the shapes of arrays', () => {
    const info = readModelInfo(
      JSON.stringify({
        flavor: 'sklearn',
        kind: 'sklearn.svm._classes.SVC',
        unsafe: false,
        libraries: { 'scikit-learn': '1.7.2' },
        signature: {
          inputs: [{ name: 'age', type: 'int64' }],
          outputs: [{ type: 'float32', shape: [null, 3] }]
        }
      })
    );
    expect(info).toMatchObject({
      isUnsafe: false,
      inputs: [{ name: 'age', type: 'int64' }],
      outputs: [{ name: '', type: 'float32 (· × 3)' }],
      versions: [['scikit-learn', '1.7.2']]
    });
  });

  it('without a signature have none, and what is no description is null', () => {
    expect(readModelInfo('{"flavor":"pickle","unsafe":true}')).toMatchObject({
      isUnsafe: true,
      inputs: [],
      outputs: []
    });
    expect(readModelInfo('[]')).toBeNull();
    expect(readModelInfo('{"flavor":')).toBeNull();
  });
});

describe('placeFindings', () => {
  const finding = { code: 'edited', message: 'm', names: [] } as const;
  const findings = [{ ...finding, names: [] }];

  it('goes by the order, else by the cell, else elsewhere', () => {
    const placed = placeFindings(
      {
        clean: false,
        cells: [
          { cell_id: 'c-plot', order: 5, findings },
          { cell_id: 'c-train', order: null, findings },
          { cell_id: 'c-gone', order: null, findings },
          { cell_id: 'c-load', order: 2, findings: [] }
        ]
      },
      detail.cells
    );
    expect([...placed.byOrder.keys()].sort()).toEqual([4, 5]);
    expect(placed.elsewhere).toHaveLength(1);
    expect(placed.cells).toBe(3);
  });
});

describe('executionAt', () => {
  it('is the last execution of the cell that had begun by then', () => {
    const at = (moment: string, cell: string | null = 'c-train') =>
      executionAt(detail.cells, cell, moment)?.order ?? null;
    expect(at('2026-11-21T10:06:45Z')).toBe(3);
    expect(at('2026-11-21T10:07:45Z')).toBe(4);
    expect(at('2026-11-21T10:00:00Z')).toBe(3);
    expect(at('2026-11-21T10:07:45Z', 'unknown')).toBeNull();
    expect(at('2026-11-21T10:07:45Z', null)).toBeNull();
  });
});

describe('PageState', () => {
  it('forgets the cell that it was to show when another tab is chosen', () => {
    const state = new PageState('environment');
    let changes = 0;
    state.changed.connect(() => void (changes += 1));
    state.showCell(3);
    expect([state.tab, state.cell]).toEqual(['cells', 3]);
    state.setTab('values');
    expect([state.tab, state.cell]).toEqual(['values', null]);
    state.setTab('values');
    expect(changes).toBe(2);
  });
});
