import { act, fireEvent, screen, within } from '@testing-library/react';
import * as React from 'react';

import { ApiError } from '../../src/client/errors';
import { decodeDetail } from '../../src/client/numbers';
import { type IRichValue, type IRunDetail } from '../../src/client/types';
import { type IVerdict } from '../../src/client/verdict';
import { Cells } from '../../src/components/Cells';
import { ConfusionMatrix } from '../../src/components/ConfusionMatrix';
import { EnvironmentTab } from '../../src/components/EnvironmentTab';
import { Losses } from '../../src/components/Losses';
import { Models } from '../../src/components/Models';
import { Overview } from '../../src/components/Overview';
import { PreviewTable } from '../../src/components/PreviewTable';
import { System } from '../../src/components/System';
import { systemPlot } from '../../src/components/systemTraces';
import { Values } from '../../src/components/Values';
import { curvePlot, histogramPlot } from '../../src/components/valueTraces';
import { ColoursModel } from '../../src/models/colours';
import { CurveBoard } from '../../src/models/curves';
import { type RunModel } from '../../src/models/run';
import { FakeChanges, PROJECT, settle } from '../support/fakes';
import { MISSING, runModel } from '../support/runClient';
import { sample } from '../support/samples';
import { show } from '../support/view';

const detail = decodeDetail(sample<IRunDetail>('run-detail'));

/** jsdom sees nothing: here everything is in view. */
class AllSeen {
  constructor(private readonly _tell: (entries: { isIntersecting: boolean }[]) => void) {}

  observe(): void {
    this._tell([{ isIntersecting: true }]);
  }

  disconnect(): void {
    // There is nothing to let go of.
  }
}

beforeAll(() => {
  Object.assign(window, { IntersectionObserver: AllSeen, ResizeObserver: AllSeen });
  Element.prototype.scrollIntoView = () => undefined;
});

interface IAnswers {
  detail?: IRunDetail;
  verdict?: IVerdict;
  text?: string;
  content?: string | ApiError;
  artifacts?: Record<string, string>;
}

function makeModel(answers: IAnswers = {}): Promise<RunModel> {
  return runModel(answers.detail ?? detail, {
    artifact: (_, __, path) => Promise.resolve(blob(answers.artifacts?.[path] ?? '')),
    value: () =>
      typeof answers.content === 'string'
        ? Promise.resolve(blob(answers.content))
        : Promise.reject(answers.content ?? MISSING),
    valueUrl: (_, __, value) => `content-of-${value.step}`,
    ...(answers.verdict && { verdict: () => Promise.resolve(answers.verdict!) }),
    ...(answers.text !== undefined && { environmentText: () => Promise.resolve(answers.text!) })
  });
}

/** jsdom's blobs don't know `text()`; kept by the model, they are made anew with their type. */
function blob(text: string): Blob {
  return new Blob([text]);
}

beforeAll(() => {
  if (!('text' in Blob.prototype)) {
    Object.assign(Blob.prototype, {
      text(this: Blob) {
        return new Promise(resolve => {
          const reader = new FileReader();
          reader.onload = () => resolve(reader.result);
          reader.readAsText(this);
        });
      }
    });
  }
});

const nothing = () => undefined;

describe('EnvironmentTab', () => {
  it('lists data with version and role, unfolds columns, and leads to the cell', async () => {
    const onCell = jest.fn();
    const [used] = detail.data;
    const known = { ...detail, data: [{ ...used, cell_id: 'c-load' }, detail.data[1]] };
    show(<EnvironmentTab model={await makeModel()} detail={known} onCell={onCell} />);
    const row = screen.getByRole('rowheader', { name: 'digits.csv' }).closest('tr')!;
    expect(row.textContent).toContain('training');
    expect(row.textContent).toContain('3d4c5e1a2f60');
    expect(row.textContent).toContain('1.0\u00a0MB');
    expect(row.textContent).toContain('read by pandas');
    const columns = within(row).getByRole('button', { name: /2 columns/ });
    fireEvent.click(columns);
    expect(columns.getAttribute('aria-expanded')).toBe('true');
    const list = screen.getByRole('list', { name: 'Columns of digits.csv' });
    expect(list.textContent).toBe('pixel_0 float64label int64');
    fireEvent.click(within(row).getByRole('button', { name: 'Show the cell In [4]' }));
    expect(onCell).toHaveBeenCalledWith(2);
    expect(screen.getByText(/Permission denied/)).toBeTruthy();
  });

  it('warns of data that changed while they were read', async () => {
    const [used] = detail.data;
    const data = [{ ...used, data: { ...used.data, changed: true } }];
    show(
      <EnvironmentTab model={await makeModel()} detail={{ ...detail, data }} onCell={nothing} />
    );
    const warning = screen.getByRole('img', { name: 'Warning:' }).parentElement!;
    expect(warning.textContent).toContain('digits.csv changed while it was read');
  });

  it('says so where there is no data, no seed and no environment', async () => {
    const empty = { ...detail, data: [], seeds: [], secrets: [], environment: null };
    show(<EnvironmentTab model={await makeModel()} detail={empty} onCell={nothing} />);
    expect(screen.getByText(/^None seen: %track data PATH/)).toBeTruthy();
    expect(screen.getByText(/^No seed was set/)).toBeTruthy();
    expect(screen.getByText('The environment of this run was not recorded.')).toBeTruthy();
    expect(screen.queryByRole('group', { name: 'Masked secrets' })).toBeNull();
  });

  it('shows seeds, masked secrets, variables, editable packages and the remote', async () => {
    show(<EnvironmentTab model={await makeModel()} detail={detail} onCell={nothing} />);
    expect(screen.getByText('random, numpy').closest('tr')!.textContent).toContain('42');
    const secrets = screen.getByRole('group', { name: 'Masked secrets' });
    expect(secrets.textContent).toContain('GitHub token in source of cell a1b2c3d4');
    expect(screen.getByText('https://example.org/team/digits.git')).toBeTruthy();
    expect(screen.getByRole('rowheader', { name: 'OMP_NUM_THREADS' })).toBeTruthy();
    const editable = screen.getByRole('rowheader', { name: 'shared-models' }).closest('tr')!;
    expect(editable.textContent).toContain('../models · 0123456789ab');
  });

  it('opens what was not committed, line by line', async () => {
    const model = await makeModel({ text: '--- a/x\n+++ b/x\n-old\n+new' });
    show(<EnvironmentTab model={model} detail={detail} onCell={nothing} />);
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name: 'Show what was not committed' }));
      await settle();
    });
    const added = document.querySelectorAll('.trackbook-mod-added');
    expect([...added].map(line => line.textContent)).toEqual(['+new\n']);
    fireEvent.click(screen.getByRole('button', { name: 'Hide what was not committed' }));
    expect(document.querySelector('.trackbook-mod-added')).toBeNull();
  });

  it('says why a text does not come', async () => {
    show(<EnvironmentTab model={await makeModel()} detail={detail} onCell={nothing} />);
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name: 'Show the file' }));
      await settle();
    });
    expect(screen.getByRole('alert').textContent).toBe('There is no such thing.');
  });
});

describe('Overview', () => {
  it('leaves out what the machine did, and says what could not be stored', async () => {
    const system = { ...detail.series[0], key: 'system/cpu' };
    const loss = { count: 3, first: '2026-11-21T10:07:00Z', last: '2026-11-21T10:07:30Z' };
    const known = { ...detail, series: [...detail.series, system], losses: [loss] };
    show(<Overview model={await makeModel()} detail={known} />);
    expect(screen.queryByText(/system/)).toBeNull();
    expect(screen.getByRole('rowheader', { name: /^acc/ })).toBeTruthy();
    const note = screen.getByRole('group', { name: 'Losses' });
    expect(note.textContent).toMatch(/^3 records could not be stored between .*10:07/);
  });

  it('says it of a single record, too', () => {
    const loss = { count: 1, first: '2026-11-21T10:07:00Z', last: '2026-11-21T10:07:00Z' };
    show(<Losses losses={[loss]} />);
    expect(screen.getByRole('group').textContent).toMatch(/^1 record could not be stored between/);
  });
});

describe('Cells', () => {
  it('have the names that they read and wrote', async () => {
    show(<Cells model={await makeModel()} detail={detail} shown={null} />);
    await act(settle);
    const cells = document.querySelectorAll('.trackbook-Cell');
    expect(cells[1].querySelector('.trackbook-Cell-names')!.textContent).toBe(
      'reads depthwrites model'
    );
    // No verdict came: nothing is said.
    expect(document.querySelector('.trackbook-Verdict')).toBeNull();
  });

  it('have a verdict, and marks where there is something to look at', async () => {
    const finding = { code: 'out_of_order', message: 'It ran after cell 5.', names: [] } as const;
    const verdict: IVerdict = {
      clean: false,
      cells: [{ cell_id: 'c-load', order: 2, findings: [{ ...finding, names: [] }] }]
    };
    show(<Cells model={await makeModel({ verdict })} detail={detail} shown={2} />);
    await act(settle);
    expect(document.querySelector('.trackbook-Verdict')!.textContent).toContain(
      '1 cell needs a look'
    );
    const shown = document.querySelector('.trackbook-mod-shown')!;
    expect(within(shown as HTMLElement).getByRole('list', { name: 'To look at' }).textContent).toBe(
      'out of order It ran after cell 5.'
    );
  });

  it.each([
    ['end' as const, 'Ran top to bottom, nothing edited since'],
    [null, 'Each cell ran once']
  ])('that ran in order are said to be clean (document: %s)', async (document_, text) => {
    const verdict: IVerdict = { clean: true, cells: [], document: document_ };
    show(<Cells model={await makeModel({ verdict })} detail={detail} shown={null} />);
    await act(settle);
    expect(screen.getByText(text)).toBeTruthy();
  });
});

describe('Values', () => {
  const [logged] = detail.values;
  const values = (...changes: Partial<IRichValue>[]) => ({
    ...detail,
    values: changes.map(change => ({ ...logged, value: { ...logged.value, ...change } }))
  });

  async function showValues(known: IRunDetail, content?: string | ApiError) {
    const model = await makeModel({ detail: known, content });
    const shown = show(<Values model={model} detail={known} colour="--c" onCell={nothing} />);
    await act(settle);
    return shown;
  }

  it('say what would fill the tab', async () => {
    await showValues(values());
    expect(screen.getByText(/^No images, tables or curves were logged/)).toBeTruthy();
  });

  it('follow the newest step until a step is chosen', async () => {
    const steps = [0, 10, 30].map(step => ({
      step,
      kind: 'text' as const,
      media_type: 'text/plain'
    }));
    await showValues(values(...steps), 'some text');
    const slider = screen.getByRole('slider', { name: /^Step/ });
    expect(slider.getAttribute('aria-valuetext')).toBe('30');
    expect(screen.getByText('some text')).toBeTruthy();
    fireEvent.change(slider, { target: { value: '1' } });
    expect(slider.getAttribute('aria-valuetext')).toBe('10');
    const link = screen.getByRole('link', { name: 'Download confusion{subset=val}, step 10' });
    expect(link.getAttribute('href')).toBe('content-of-10');
    expect(link.getAttribute('download')).toBe('confusion-subset=val-10.txt');
  });

  it('show a page in a frame without rights', async () => {
    await showValues(values({ kind: 'html', media_type: 'text/html' }), '<script>x</script>');
    const frame = document.querySelector('iframe')!;
    expect(frame.getAttribute('sandbox')).toBe('');
    expect(frame.getAttribute('srcdoc')).toContain("default-src 'none'");
  });

  it('say why content does not come, or can not be drawn', async () => {
    const gone = new ApiError('not_found', 'There is no blob.', 404);
    const { unmount } = await showValues(values({}), gone);
    expect(screen.getByRole('alert').textContent).toBe('There is no blob.');
    unmount();
    await showValues(values({ digest: 'other' }), '{"labels":["a"],"counts":[]}');
    expect(screen.getByRole('alert').textContent).toContain('This value can’t be drawn.');
  });

  it('do not load what is too large to look at', async () => {
    await showValues(values({ kind: 'text', media_type: 'text/plain', size: 2e9 }), 'text');
    expect(screen.getByText(/^2\.0\sGB are too many to show here/)).toBeTruthy();
  });

  it('can be filtered where there are many', async () => {
    const many = Array.from({ length: 9 }, (_, place) => ({
      key: `value ${place}`,
      kind: 'json' as const
    }));
    await showValues(values(...many), '{"a":1}');
    fireEvent.change(screen.getByRole('searchbox'), { target: { value: 'value 7' } });
    const figures = screen.getAllByRole('figure');
    expect(figures.map(figure => figure.getAttribute('aria-label'))).toEqual([
      'value 7{subset=val}'
    ]);
    expect(figures[0].querySelector('pre')!.textContent).toBe('{\n  "a": 1\n}');
    fireEvent.change(screen.getByRole('searchbox'), { target: { value: 'nothing' } });
    expect(screen.getByText('No value has this name.')).toBeTruthy();
  });
});

describe('ConfusionMatrix', () => {
  it('is a table with a head for each label, and shades by the row', () => {
    const matrix = { labels: ['cat', 'dog'], counts: [[9, 1], [0, 0]] }; // prettier-ignore
    show(<ConfusionMatrix matrix={matrix} colour="--c" />);
    const cells = screen.getAllByRole('cell');
    expect(cells.map(cell => cell.textContent)).toEqual(['9', '1', '0', '0']);
    expect(cells[0].getAttribute('title')).toBe('cat predicted as cat: 9 (90 % of the row)');
    expect(cells.map(cell => cell.className)).toEqual(['trackbook-mod-dark', '', '', '']);
    expect(screen.getByText('9 of 10 right')).toBeTruthy();
  });
});

describe('PreviewTable', () => {
  it('shows the first rows, and says how many there are', () => {
    const columns = [
      { name: 'name', type: 'string' },
      { name: 'n', type: 'int64' }
    ];
    show(
      <PreviewTable
        meta={{ rows: 1797, columns, more_columns: 3, preview: [['a', 1.23456], [null, 'NaN']] }} // prettier-ignore
      />
    );
    expect(screen.getAllByRole('cell').map(cell => cell.textContent)).toEqual(
      ['a', '1.235', '–', 'NaN'] // prettier-ignore
    );
    expect(screen.getByText('1797 rows · 5 columns · the first 2 are shown')).toBeTruthy();
  });

  it('has no rows where nothing was kept of them', () => {
    show(<PreviewTable meta={{}} />);
    expect(screen.getByText('0 rows · 0 columns')).toBeTruthy();
  });
});

describe('Models', () => {
  const [artifact] = detail.artifacts;
  const artifacts = [{ ...artifact, kind: 'model' as const, path: 'm/model.json' }];

  it('mark what is unsafe to load', async () => {
    const text = '{"flavor":"pickle","unsafe":true,"kind":"a.B"}';
    const model = await makeModel({ artifacts: { 'm/model.json': text } });
    show(<Models model={model} artifacts={artifacts} />);
    await act(settle);
    const shown = screen.getByRole('group', { name: 'Model m' });
    expect(shown.textContent).toContain('pickle B');
    expect(shown.textContent).toContain('Unsafe to load');
    expect(shown.textContent).toContain('No signature');
  });

  it('say what is wrong with a description', async () => {
    const model = await makeModel({ artifacts: { 'm/model.json': '[]' } });
    show(<Models model={model} artifacts={artifacts} />);
    await act(settle);
    expect(screen.getByRole('alert').textContent).toBe('m/model.json doesn’t describe a model.');
  });

  it('are nothing where there is none', async () => {
    show(<Models model={await makeModel()} artifacts={detail.artifacts} />);
    expect(screen.queryByRole('region', { name: 'Models' })).toBeNull();
  });
});

describe('System', () => {
  const board = new CurveBoard({
    client: { series: () => Promise.resolve([]) },
    changes: new FakeChanges(),
    project: PROJECT.id,
    runs: [detail.run.id]
  });

  it('says the last values with their units', () => {
    const memory = { ...detail.series[0], key: 'system/memory', unit: 'B', last: 2e9, max: 3e9 };
    show(<System board={board} series={[memory]} colours={new ColoursModel()} />);
    const figure = screen.getByRole('figure', { name: 'Memory, B' });
    expect(within(figure).getByRole('listitem').textContent).toBe(
      '— memory 2.0\u00a0GB highest 3.0\u00a0GB'
    );
  });

  it('says what would be here', () => {
    show(<System board={board} series={detail.series} colours={new ColoursModel()} />);
    expect(screen.getByText(/^No system metrics were recorded/)).toBeTruthy();
  });
});

describe('plots', () => {
  const read = (name: string) => name;
  const titles = { x: 'x', y: 'y' };
  const drawing = { width: 400, read, colour: '--c', titles };
  type Trace = Record<string, unknown> & { line: { dash?: string; color: string } };

  it('of a histogram have bars as wide as their edges are apart', () => {
    const plot = histogramPlot({ counts: [1, NaN], edges: [0, 1, 4] }, drawing);
    expect(plot.data[0]).toMatchObject({ x: [0.5, 2.5], y: [1, null], width: [1, 3] });
  });

  it('of curves tell classes apart by the line, and fade those that are not chosen', () => {
    const curve = { label: '<b>', x: [0, 1], y: [0, 1], score: null, counts: [] };
    const all = curvePlot([curve, curve], 'roc', 1, drawing).data as Trace[];
    expect(all).toHaveLength(3);
    const [, first, second] = all;
    expect(first.line.color).toBe(second.line.color);
    expect(first.line.dash).not.toBe(second.line.dash);
    expect([first.opacity, second.opacity]).toEqual([0.25, 1]);
    expect(first.hovertemplate).toContain('&lt;b&gt;');
    expect(curvePlot([curve], 'pr', null, drawing).data).toHaveLength(1);
  });

  it('of the machine write bytes with their size, and keep each series its line', () => {
    const points = {
      run_id: 'a',
      key: 'system/process.memory',
      context: {},
      steps: [0, 10],
      times: [0, 1],
      values: [1, NaN],
      total: 2
    };
    const order = ['system/memory', 'system/process.memory'];
    const colours = new ColoursModel();
    const options = { order, unit: 'B/s', title: 'seconds', width: 400, read, colours };
    const { data, layout } = systemPlot([points], options);
    expect(data[0]).toMatchObject({ name: 'process.memory', y: [1, null], line: { dash: 'dash' } });
    expect(layout.yaxis).toMatchObject({ tickformat: '.3~s', ticksuffix: 'B/s' });
  });
});
