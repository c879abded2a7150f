import type { JsonValue } from '../../../src/client/types';
import { axisOf } from '../../../src/components/board/axes';
import { groupPlaces, statisticsOf } from '../../../src/components/board/groups';
import { barsOf } from '../../../src/components/board/kinds/bars';
import { overlayPlot } from '../../../src/components/board/kinds/classifier';
import { strongestPair } from '../../../src/components/board/kinds/correlation';
import { canvasHeight } from '../../../src/components/board/kinds/curves';
import { boxPlot, histogramOf } from '../../../src/components/board/kinds/distribution';
import {
  brushedRuns,
  drawParallel,
  layoutOf,
  nearestRun,
  shareAt,
  yOf
} from '../../../src/components/board/kinds/parallelDrawing';
import { scatterPlot } from '../../../src/components/board/kinds/scatterPlot';
import { surfaceOf } from '../../../src/components/board/surface';
import type { INamedFrame } from '../../../src/components/board/useSourced';
import { ColoursModel } from '../../../src/models/colours';
import { makeParallelAxis, MISSING } from '../../../src/models/parallelAxis';

function frameOf(columns: Record<string, JsonValue[]>): INamedFrame {
  const [first] = Object.values(columns);
  const ids = first.map((_, place) => `run-${place}`);
  const labels = {
    experiment: ids.map(() => 'churn'),
    number: ids.map((_, place) => place + 1),
    name: ids.map(() => '')
  };
  const all: Record<string, JsonValue[]> = { ...labels, ...columns };
  return {
    total: ids.length,
    sampled: false,
    ids,
    names: Object.keys(all),
    columns: Object.values(all)
  };
}

const drawing = {
  width: 400,
  height: 260,
  read: (name: string) => name,
  colours: new ColoursModel(),
  columns: [],
  isDark: false
};
const lr = [0.1, 0.01, null, 1];
const acc = [0.9, 'NaN', 0.8, 0.5];

describe('A scatter plot', () => {
  const what = { x: 'lr', y: 'acc', size: '', colour: '', isLogX: true, isLogY: false };
  const draw = (frame: INamedFrame, change = {}) =>
    scatterPlot(
      frame,
      { ...what, ...change },
      { ...drawing, marked: new Set<string>(), drag: 'zoom' }
    );

  it('has a dot for each run that has both values', () => {
    const plot = draw(frameOf({ lr, acc }))!;
    expect(plot.data[0]).toMatchObject({ x: [0.1, 1], y: [0.9, 0.5], ids: ['run-0', 'run-3'] });
    expect(plot.layout.xaxis).toMatchObject({ type: 'log' });
  });

  it('waits for a column that has not come', () => {
    expect(draw(frameOf({ lr }))).toBeNull();
  });

  it('colours by a number on a scale, by words with the palette', () => {
    const marker = (values: JsonValue[]) =>
      (draw(frameOf({ lr, acc, c: values }), { colour: 'c' })!.data[0] as { marker: object })
        .marker;
    expect(marker([1, 2, 3, 4])).toMatchObject({ color: [1, 4], showscale: true });
    expect(marker(['b', 'a', 'a', 'a'])).toMatchObject({
      color: ['--trackbook-run-2', '--trackbook-run-1']
    });
  });

  it('escapes what runs are called', () => {
    const frame = frameOf({ lr, acc });
    frame.columns[2] = ['<img src=x>', '', '', ''];
    const [text] = (draw(frame)!.data[0] as { text: string[] }).text;
    expect(text).toContain('&lt;img');
  });
});

describe('Axes', () => {
  it('are of numbers, moments or words', () => {
    expect(axisOf([1, null, 'Infinity', -2], false)).toEqual({
      type: 'linear',
      values: [1, null, null, -2]
    });
    expect(axisOf([1, -2], true)).toEqual({ type: 'log', values: [1, null] });
    expect(axisOf([0.001, 0.01, 1], null).type).toBe('log');
    expect(axisOf([1, 2, 3], null).type).toBe('linear');
    expect(axisOf([1, 'a', true], false).type).toBe('category');
  });
});

describe('Groups', () => {
  it('are in the order of their values, what is missing last', () => {
    const groups = groupPlaces([10, null, 'b', 2, 10], 5);
    expect(groups).toEqual([
      { label: '2', places: [3] },
      { label: '10', places: [0, 4] },
      { label: 'b', places: [2] },
      { label: '–', places: [1] }
    ]);
  });

  it('have statistics of the numbers that are there', () => {
    expect(statisticsOf([1, null, NaN, 3])).toEqual({
      count: 2,
      mean: 2,
      std: Math.SQRT2,
      min: 1,
      max: 3,
      median: 2
    });
    expect(statisticsOf([null, Infinity])).toBeNull();
  });

  it('make boxes and bars', () => {
    const frame = frameOf({ acc: [1, 2, 3, 4], opt: ['a', 'b', 'a', null] });
    const what = { value: 'acc', group: 'opt', isLog: false, bins: 0 };
    const boxes = boxPlot(frame, what, drawing)!.data as { name: string; y: number[] }[];
    expect(boxes.map(({ name, y }) => [name, y])).toEqual([
      ['a', [1, 3]],
      ['b', [2]],
      ['–', [4]]
    ]);
    expect(barsOf(frame, { values: ['acc'], group: 'opt' })).toMatchObject([
      { label: 'a', values: [2], spreads: [Math.SQRT2], count: 2 },
      { label: 'b', values: [2], spreads: [null], count: 1 },
      { label: '–', values: [4], count: 1 }
    ]);
    expect(barsOf(frame, { values: ['acc'], group: '' }).map(({ label }) => label)).toEqual([
      'churn #4',
      'churn #3',
      'churn #2',
      'churn #1'
    ]);
  });
});

describe('A histogram', () => {
  it('counts each value once, the largest too', () => {
    const frame = frameOf({ acc: [0, 1, 2, 3, 4, null, 'NaN'] });
    const found = histogramOf(frame, { value: 'acc', group: '', isLog: false, bins: 4 })!;
    expect(found.edges).toEqual([0, 1, 2, 3, 4]);
    expect(found.groups[0].counts).toEqual([1, 1, 1, 2]);
  });

  it('has one bar for equal values, and equal stretches of a log axis', () => {
    const equal = histogramOf(frameOf({ acc: [5, 5] }), {
      value: 'acc',
      group: '',
      isLog: false,
      bins: 10
    })!;
    expect(equal.groups[0].counts).toEqual([2]);
    const log = histogramOf(frameOf({ acc: [1, 10, 100, -1, 0] }), {
      value: 'acc',
      group: '',
      isLog: true,
      bins: 2
    })!;
    expect(log.edges.map(Math.round)).toEqual([1, 10, 100]);
    expect(log.groups[0].counts).toEqual([1, 2]);
  });
});

describe('A surface', () => {
  it('goes through its points and ends where none is near', () => {
    const points = [0, 1, 2, 3].flatMap(x => [0, 1, 2, 3].map(y => ({ x, y, z: x + y })));
    const surface = surfaceOf(points, { x: false, y: false }, 4)!;
    expect(surface.x).toEqual([0, 1, 2, 3]);
    expect(surface.z[1][2]).toBeCloseTo(3);
    const far = surfaceOf(
      [
        { x: 0, y: 0, z: 1 },
        { x: 1, y: 0.01, z: 1 },
        { x: 0.5, y: 1, z: 1 }
      ],
      { x: false, y: false },
      5
    )!;
    expect(far.z[4][0]).toBeNull();
  });

  it('is none of points on a line', () => {
    const line = [1, 2, 3].map(x => ({ x, y: 1, z: x }));
    expect(surfaceOf(line, { x: false, y: false })).toBeNull();
  });
});

describe('Parallel coordinates', () => {
  const axes = [
    makeParallelAxis('a', [0, 1, null], false),
    makeParallelAxis('b', [0, 10, 5], false)
  ];
  const layout = layoutOf(400, 260, 2, true);

  it('keep what lies within all brushes', () => {
    const brushes = new Map([['a', { from: 0.5, to: 1 }]]);
    expect([...brushedRuns(axes, brushes, 3)]).toEqual([0, 1, 0]);
    brushes.set('a', { from: MISSING, to: MISSING });
    expect([...brushedRuns(axes, brushes, 3)]).toEqual([0, 0, 1]);
  });

  it('let the few that are kept stand out from the many that are not', () => {
    const values = Array.from({ length: 300 }, (_, run) => run);
    const many = ['a', 'b'].map(column => makeParallelAxis(column, values, false));
    const brushes = new Map([['a', { from: 0.99, to: 1 }]]);
    const strengths: number[] = [];
    const pen = {
      globalAlpha: 1,
      measureText: () => ({ width: 0 }),
      stroke: () => strengths.push(pen.globalAlpha)
    };
    const context = new Proxy(pen, {
      get: (target, name) => (Reflect.get(target, name) as unknown) ?? (() => undefined)
    });
    drawParallel(context as unknown as CanvasRenderingContext2D, {
      axes: many,
      names: ['a', 'b'],
      layout: layoutOf(400, 260, 2, false),
      brushes,
      kept: brushedRuns(many, brushes, 300),
      colours: values.map(() => 'blue'),
      pointed: null,
      missing: 'missing',
      read: () => 'black'
    });
    const lines = strengths.slice(0, -many.length);
    expect(lines.at(-1)).toBeGreaterThan(0.5);
    expect(Math.max(...lines.slice(0, -1))).toBeLessThan(0.1);
  });

  it('know where a pointer is', () => {
    expect(shareAt(layout, yOf(layout, 0.25))).toBeCloseTo(0.25);
    expect(shareAt(layout, yOf(layout, MISSING))).toBe(MISSING);
    const kept = new Uint8Array([1, 1, 1]);
    const middle = layout.left + layout.gap / 2;
    expect(nearestRun(axes, layout, 3, middle, yOf(layout, 1), kept)).toBe(1);
    expect(nearestRun(axes, layout, 3, middle, yOf(layout, 0.75), kept)).toBeNull();
    kept[1] = 0;
    expect(nearestRun(axes, layout, 3, middle, yOf(layout, 1), kept)).toBeNull();
  });
});

describe('Curves', () => {
  it('share the height of their chart among contexts as far as they can still be read', () => {
    expect(canvasHeight(232, true, 1)).toBe(200);
    expect(canvasHeight(400, false, 2)).toBe(200);
    expect(canvasHeight(240, true, 3)).toBeGreaterThan(140);
  });
});

describe('Curves of classifiers', () => {
  const curve = (label: string) => ({ label, x: [0, 1], y: [0, 1], score: 0.5, counts: [] });
  const runs = [1, 2].map(number => ({
    id: `r${number}`,
    label: `churn #${number}`,
    colour: `--trackbook-run-${number}`,
    curves: [curve('cat'), curve('dog')]
  }));
  const titles = { x: 'x', y: 'y' };

  it('lie over each other, with one diagonal', () => {
    const { data } = overlayPlot(runs, 'roc', '', { ...drawing, titles });
    expect(data).toHaveLength(5);
    expect((data as { name?: string }[]).map(({ name }) => name)).toEqual([
      undefined,
      'churn #1 cat',
      'churn #1 dog',
      'churn #2 cat',
      'churn #2 dog'
    ]);
    expect(overlayPlot(runs, 'pr', 'dog', { ...drawing, titles }).data).toHaveLength(2);
    expect(overlayPlot([], 'roc', '', { ...drawing, titles }).data).toEqual([]);
  });
});

describe('Correlation', () => {
  it('names its strongest pair, in either direction', () => {
    const matrix = [
      [1, 0.2, null],
      [0.2, 1, -0.9],
      [null, -0.9, 1]
    ];
    expect(strongestPair(matrix)).toEqual({ pair: [1, 2], value: -0.9 });
    expect(strongestPair([[1]])).toBeNull();
  });
});
