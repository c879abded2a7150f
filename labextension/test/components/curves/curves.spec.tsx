import { nullTranslator } from '@jupyterlab/translation';

import { dragged, panned, scaled } from '../../../src/components/curves/zooming';
import { axisTitle, marksOf, metricField } from '../../../src/components/curves/axisTexts';
import { drawAxes, drawLines, type ILook } from '../../../src/components/curves/draw';
import { makeFrame } from '../../../src/components/curves/frame';
import { nextX, readingsAt } from '../../../src/components/curves/hover';
import { type ILine, makeLines } from '../../../src/components/curves/lines';
import { SvgPen } from '../../../src/components/curves/pen';
import { curveRows } from '../../../src/components/curves/report';
import { makeScale, spansOrders, ticksOf, timeTicks } from '../../../src/models/scales';
import { smooth } from '../../../src/components/curves/smoothing';
import { type ICurve } from '../../../src/client/curves';
import { ColoursModel } from '../../../src/models/colours';
import { CURVE_DEFAULTS, type ICurveSettings } from '../../../src/models/curveOptions';
import { curveOf, pageOf } from '../../support/curves';

const trans = nullTranslator.load('trackbook');
const LOOK: ILook = {
  read: name => name,
  text: 'text',
  quiet: 'quiet',
  grid: 'grid',
  ground: 'ground',
  font: '11px sans'
};

function linesOf(
  curves: ICurve[],
  settings: Partial<ICurveSettings> = {},
  groupBy: string | null = null
): ILine[] {
  const colours = new ColoursModel();
  colours.assign(['a', 'b']);
  const view = { page: pageOf(curves), x: 'step', isLogX: false, groupBy };
  return makeLines(view, view, { ...CURVE_DEFAULTS, ...settings }, colours, trans);
}

function drawn(lines: ILine[], isLog = { x: false, y: false }): string {
  const frame = makeFrame(lines, { width: 400, height: 200 }, { x: null, y: null }, isLog)!;
  const pen = new SvgPen(400, 200);
  drawLines(pen, frame, lines, LOOK);
  return pen.toString();
}

describe('Lines', () => {
  it('have the colour of their run and the dash of their context', () => {
    const lines = linesOf([
      curveOf('a', [1, 2]),
      curveOf('a', [1, 2], { context: { subset: 'val' } }),
      curveOf('b', [1, 2], { context: { subset: 'val' } })
    ]);
    expect(lines[0].colour).toBe(lines[1].colour);
    expect(lines[1].colour).not.toBe(lines[2].colour);
    expect(lines[0].dash).not.toBe(lines[1].dash);
    expect(lines[1].dash).toBe(lines[2].dash);
    expect(lines.map(line => line.label)).toEqual([
      'churn #1',
      'churn #1 subset=val',
      'churn #2 subset=val'
    ]);
  });

  it('of groups are called by their value, and lie in the range or the deviation of their runs', () => {
    const group = {
      run_id: null,
      runs: 2,
      min: [0, 0],
      max: [4, 4],
      std: [1, 0.5],
      counts: [2, 2]
    };
    const curves = [
      curveOf('', [2, 2], { ...group, group: 0.1 }),
      curveOf('', [2, 2], { ...group, group: null })
    ];
    const [line, missing] = linesOf(curves, { hasEnvelope: false }, 'params.lr');
    expect([line.label, missing.label]).toEqual(['lr 0.1', 'lr missing']);
    expect(line.colour).not.toBe(missing.colour);
    expect([line.low, line.high]).toEqual([
      [0, 0],
      [4, 4]
    ]);
    const [narrow] = linesOf(curves, { band: 'deviation' }, 'params.lr');
    expect([narrow.low, narrow.high]).toEqual([
      [1, 1.5],
      [3, 2.5]
    ]);
  });

  it('go with their values as rows, what is not finite as a text', () => {
    const thinned = { min: [0, NaN], max: [9, NaN] };
    const lines = linesOf([curveOf('a', [1, NaN], thinned)], { smoothing: 0.5 });
    expect(curveRows(lines)).toEqual([
      ['churn #1', 'loss', 0, 1, 0, 9, 1],
      ['churn #1', 'loss', 1, 'NaN', 'NaN', 'NaN', 'NaN']
    ]);
  });
});

describe('smooth', () => {
  it('is the moving mean of TensorBoard, not drawn to zero at its beginning', () => {
    const curve = curveOf('a', [10, 20, 20, NaN, 20]);
    const values = smooth(curve, curve, 0.5);
    const expected = [10, (10 * 0.25 + 20 * 0.5) / 0.75, (10 * 0.125 + 20 * 0.75) / 0.875];
    expected.forEach((value, place) => expect(values[place]).toBeCloseTo(value));
    expect(values[3]).toBeNaN();
    expect(values[4]).toBeLessThan(20);
    expect(smooth(curve, curve, 0)).toBe(curve.values);
  });

  it('is the same in a window as in the whole', () => {
    const values = Array.from({ length: 101 }, (_, step) => Math.sin(step / 9) + (step % 7));
    const whole = curveOf('a', values);
    const window = { ...whole, x: whole.x.slice(40, 61), values: values.slice(40, 61) };
    const expected = smooth(whole, whole, 0.9).slice(40, 61);
    smooth(window, whole, 0.9).forEach((value, place) =>
      expect(value).toBeCloseTo(expected[place], 10)
    );
  });
});

describe('A drawing', () => {
  it('breaks where nothing is finite, and shows a point alone', () => {
    const svg = drawn(linesOf([curveOf('a', [1, NaN, 3, Infinity, 5, 6])]));
    const [path, dots] = [...svg.matchAll(/<path d="([^"]*)" (?:fill="none"|fill="--)/g)].map(
      match => match[1]
    );
    expect(path.match(/M/g)).toHaveLength(3);
    expect(path.match(/L/g)).toHaveLength(1);
    expect(dots.match(/M/g)).toHaveLength(2);
  });

  it('shows the range of a bucket as a band, or else its ends in the line', () => {
    const spike = curveOf('a', [1, 1, 1], { min: [1, 0, 1], max: [1, 99, 1] });
    const band = drawn(linesOf([spike]));
    expect(band).toMatch(/fill="--trackbook-run-1" opacity/);
    const line = drawn(linesOf([spike], { hasEnvelope: false }));
    expect(line).not.toMatch(/opacity/);
    // Up to the spike, which is close to the top of the chart, and down again.
    const heights = [...line.matchAll(/L[\d.]+ ([\d.]+)/g)].map(match => Number(match[1]));
    expect(Math.min(...heights)).toBeLessThan(20);
    expect(Math.max(...heights)).toBeGreaterThan(150);
  });

  it('has no place for zero on a log scale', () => {
    const lines = linesOf([curveOf('a', [0, 1, 10, 100])]);
    const frame = makeFrame(
      lines,
      { width: 400, height: 200 },
      { x: null, y: null },
      { x: true, y: true }
    )!;
    expect(frame.x.low).toBe(1);
    expect(frame.y.low).toBeGreaterThan(0);
    expect(
      makeFrame(
        linesOf([curveOf('a', [0, -1])]),
        { width: 400, height: 200 },
        { x: null, y: null },
        { x: false, y: true }
      )
    ).toBeNull();
  });

  it('makes a whole document, with texts that are no markup', () => {
    const lines = linesOf([curveOf('a', [1, 2])]);
    const frame = makeFrame(
      lines,
      { width: 400, height: 200 },
      { x: null, y: null },
      { x: false, y: false }
    )!;
    const pen = new SvgPen(400, 200);
    drawAxes(pen, frame, { x: ticksOf(frame.x, 4), y: ticksOf(frame.y, 4) }, '<b>"&', LOOK);
    drawLines(pen, frame, lines, LOOK);
    const document = new DOMParser().parseFromString(pen.toString(), 'image/svg+xml');
    expect(document.querySelector('parsererror')).toBeNull();
    expect([...document.querySelectorAll('text')].map(text => text.textContent)).toContain('<b>"&');
    expect(document.querySelectorAll('clipPath')).toHaveLength(1);
  });

  it('fits the values within the window, those of a line that only crosses it, too', () => {
    const lines = linesOf([curveOf('a', [0, 100, 0], { x: [0, 10, 20] })]);
    const size = { width: 400, height: 200 };
    const isLog = { x: false, y: false };
    const whole = makeFrame(lines, size, { x: null, y: null }, isLog)!;
    expect(whole.y.high).toBeGreaterThan(100);
    const crossed = makeFrame(lines, size, { x: { from: 2, to: 4 }, y: null }, isLog)!;
    expect([crossed.y.low < 0, crossed.y.high > 100]).toEqual([true, true]);
    const own = makeFrame(lines, size, { x: null, y: { from: 5, to: 6 } }, isLog)!;
    expect([own.y.low, own.y.high]).toEqual([5, 6]);
  });
});

describe('Scales', () => {
  it.each([
    [0, 100, ['0', '20', '40', '60', '80', '100']],
    [0.0012, 0.0019, ['0.0012', '0.0014', '0.0016', '0.0018']],
    [-1, 1, ['-1.0', '-0.5', '0.0', '0.5', '1.0']],
    [0, 4e9, ['0', '1e9', '2e9', '3e9', '4e9']],
    [1e6, 1e6 + 4, ['1.000000e6', '1.000001e6', '1.000002e6', '1.000003e6', '1.000004e6']]
  ])('from %d to %d have round marks', (low, high, labels) => {
    const ticks = ticksOf(makeScale(low, high, 0, 500), 5);
    expect(ticks.map(tick => tick.label)).toEqual(labels);
  });

  it('suit what is spread over orders, and not what is only wide', () => {
    expect(spansOrders([0.001, 0.003, 0.01, 0.03, 0.1, null, NaN])).toBe(true);
    expect(spansOrders(Array.from({ length: 500 }, (_, run) => run + 1))).toBe(false);
    expect(spansOrders([0, 0.001, 1])).toBe(false);
    expect(spansOrders([0.5, 0.9])).toBe(false);
    expect(spansOrders([])).toBe(false);
  });

  it('go by tens where they are logarithmic, and have room for what is all the same', () => {
    const log = makeScale(0.001, 1000, 0, 600, true);
    expect(ticksOf(log, 8).map(tick => tick.label)).toEqual([
      '0.001',
      '0.01',
      '0.1',
      '1',
      '10',
      '100',
      '1000'
    ]);
    expect(log.at(1)).toBeCloseTo(300);
    expect(log.invert(400)).toBeCloseTo(10);
    expect(log.at(0)).toBeNaN();
    const first = makeScale(0, 0, 0, 100); // a step 0 alone
    expect([first.low, first.high]).toEqual([-1, 1]);
    const flat = makeScale(5, 5, 0, 100);
    expect(flat.at(5)).toBeCloseTo(50);
    const vast = makeScale(-1.7e308, 1.7e308, 0, 100);
    expect(vast.at(0)).toBeCloseTo(50);
  });

  it('have times of day on a time axis, and whole steps alone', () => {
    const noon = Date.UTC(2026, 0, 1, 12) / 1000;
    const ticks = timeTicks(makeScale(noon, noon + 600, 0, 500), 5, 'en-GB');
    expect(ticks.map(({ value }) => (value - noon) % 120)).toEqual(ticks.map(() => 0));
    expect(ticks.length).toBeGreaterThan(3);
    const steps = marksOf('step', makeScale(0, 2, 0, 800), 800);
    expect(steps.map(tick => tick.value)).toEqual([0, 1, 2]);
    expect(axisTitle('metrics.`a``b`', trans)).toBe('a`b');
    expect(metricField('train/loss')).toBe('metrics.`train/loss`');
  });
});

describe('The pointer', () => {
  const lines = linesOf([
    curveOf('a', [1, 2, 3], { x: [0, 10, 20], min: [1, 0, 3], max: [1, 9, 3] }),
    curveOf('b', [5], { x: [4] })
  ]);

  it('reads the nearest point of each line that is there', () => {
    const [first, ...rest] = readingsAt(lines, 12, 1);
    expect(first).toMatchObject({ x: 10, value: 2, low: 0, high: 9 });
    expect(rest).toEqual([]);
    expect(readingsAt(lines, 4.5, 1).map(reading => reading.value)).toEqual([1, 5]);
    expect(readingsAt(lines, 30, 1)).toEqual([]);
  });

  it('goes from point to point with the keys', () => {
    expect(nextX(lines, 0, 1)).toBe(4);
    expect(nextX(lines, 4, 1)).toBe(10);
    expect(nextX(lines, 10, -1)).toBe(4);
    expect(nextX(lines, 20, 1)).toBeNull();
  });

  it('drags a box, a stretch of one axis where the box is flat, and nothing with a click', () => {
    const frame = makeFrame(
      lines,
      { width: 400, height: 200 },
      { x: null, y: null },
      { x: false, y: false }
    )!;
    expect(dragged(frame, { x: 100, y: 50 }, { x: 102, y: 51 })).toBeNull();
    const wide = dragged(frame, { x: 300, y: 50 }, { x: 100, y: 55 })!;
    expect(wide.y).toBeNull();
    expect(wide.x!.from).toBeCloseTo(frame.x.invert(100));
    expect(wide.x!.to).toBeCloseTo(frame.x.invert(300));
    const tall = dragged(frame, { x: 100, y: 20 }, { x: 104, y: 90 })!;
    expect([tall.x, tall.y!.from < tall.y!.to]).toEqual([null, true]);
  });

  it('scales around itself and moves', () => {
    const scale = makeScale(0, 100, 0, 200);
    expect(scaled(scale, 50, 0.5)).toEqual({ from: 12.5, to: 62.5 });
    expect(panned(scale, 20)).toEqual({ from: 10, to: 110 });
    const log = scaled(makeScale(1, 10_000, 0, 400, true), 200, 0.5);
    expect(log.from).toBeCloseTo(10);
    expect(log.to).toBeCloseTo(1000);
  });
});
