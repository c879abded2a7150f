import { CurveChartModel } from '../../src/models/curveChart';
import { CurveOptions } from '../../src/models/curveOptions';
import { CurveSheet } from '../../src/models/curveSheet';
import { curveOf, FakeCurves } from '../support/curves';
import { FakeChanges, PROJECT, settle, until } from '../support/fakes';
import { runId } from '../support/samples';

const [A, B] = [runId(1), runId(2)];

function make(all = [curveOf(A, [1, 2, 3, 4]), curveOf(B, [5, 6])]) {
  const client = new FakeCurves(all);
  const changes = new FakeChanges();
  const options = new CurveOptions();
  const model = new CurveChartModel({
    client,
    changes,
    project: PROJECT.id,
    source: { runs: [A, B] },
    keys: ['loss'],
    options,
    limit: 1
  });
  return { client, changes, options, model };
}

async function loaded(all?: ReturnType<typeof curveOf>[]) {
  const made = make(all);
  made.model.setWidth(612);
  await until(() => made.model.overview !== null);
  return made;
}

describe('CurveChartModel', () => {
  it('asks for as many points as the chart is wide, once it can be seen', async () => {
    const { client, model } = make();
    await settle();
    expect(client.asked).toEqual([]);
    model.setWidth(612);
    await until(() => model.overview !== null);
    expect(client.asked).toEqual([
      { keys: ['loss'], runs: [A, B], x: 'step', scale: 'linear', max_points: 700 }
    ]);
    model.setWidth(650);
    model.setWidth(300);
    await settle();
    expect(client.asked).toHaveLength(1);
    model.setWidth(1300);
    await until(() => client.asked.length === 2);
    expect(client.asked[1].max_points).toBe(1300);
  });

  it('asks for the window that is zoomed into, and goes back without asking', async () => {
    const { client, model } = await loaded();
    const { overview } = model;
    model.zoom({ from: 1.5, to: 2.5 });
    expect(model.window).toEqual({ from: 1.5, to: 2.5 });
    expect(model.view).toBe(overview); // until the detail has come
    await until(() => model.detail !== null);
    expect(client.asked[1]).toMatchObject({ from: 1.5, to: 2.5, max_points: 700 });
    expect(model.view!.page.curves[0].x).toEqual([1, 2, 3]);
    model.reset();
    expect(model.view).toBe(overview);
    expect(model.window).toBeNull();
    await settle();
    expect(client.asked).toHaveLength(2);
  });

  it('shows the last of several windows, whichever answer comes first', async () => {
    const { client, model } = await loaded();
    let open = () => {};
    client.gate = new Promise(resolve => (open = resolve));
    model.zoom({ from: 0, to: 1 });
    client.gate = Promise.resolve();
    model.zoom({ from: 2, to: 3 });
    await until(() => model.detail !== null);
    open();
    await settle();
    expect(model.detail!.page.curves[0].x).toEqual([1, 2, 3]);
    expect(model.error).toBeNull();
  });

  it('waits until a window that is being moved stays', async () => {
    const { client, model } = await loaded();
    for (let place = 0; place < 20; place += 1) {
      model.zoom({ from: place / 10, to: 2 + place / 10 }, true);
    }
    await until(() => model.detail !== null);
    expect(client.asked).toHaveLength(2);
    expect(client.asked[1]).toMatchObject({ from: 1.9, to: 3.9 });
  });

  it('puts what came since behind what was there', async () => {
    const { client, changes, model } = await loaded();
    client.all = [curveOf(A, [1, 2, 3, 4, 50]), curveOf(B, [5, 6, 70])];
    changes.tell([A]);
    changes.tell(['another']);
    await until(() => client.asked.length === 2);
    await until(() => model.overview!.page.curves[0].x.length === 5);
    expect(client.asked[1]).toMatchObject({ runs: [A], from: 3 });
    const [first, second] = model.overview!.page.curves;
    expect(first).toMatchObject({ x: [0, 1, 2, 3, 4], values: [1, 2, 3, 4, 50], total: 5 });
    expect(second.values).toEqual([5, 6]);
    expect(model.overview!.page.runs).toHaveLength(2);
  });

  it('reads all again where a curve is new', async () => {
    const { client, changes, model } = await loaded();
    client.all = [...client.all, curveOf(A, [9], { context: { subset: 'val' } })];
    changes.tell([A]);
    await until(() => model.overview!.page.curves.length === 3);
    expect(client.asked[client.asked.length - 1]).not.toHaveProperty('from');
  });

  it('keeps the window while points arrive', async () => {
    const { client, changes, model } = await loaded();
    model.zoom({ from: 1, to: 8 });
    await until(() => model.detail !== null);
    client.all = [curveOf(A, [1, 2, 3, 4, 50])];
    changes.tell([A]);
    await until(() => model.detail!.page.curves[0].x.length === 5);
    expect(model.window).toEqual({ from: 1, to: 8 });
    model.reset();
    await until(() => model.overview!.page.curves[0].values[4] === 50);
  });

  it('asks for nothing while it can not be seen', async () => {
    const { client, changes, model } = await loaded();
    model.setWidth(0);
    changes.tell([A]);
    await settle();
    expect(client.asked).toHaveLength(1);
    model.setWidth(400);
    await until(() => client.asked.length === 2);
  });

  it('asks anew over another axis or in groups, and for nothing for what is drawn only', async () => {
    const { client, options, model } = await loaded();
    options.set({ smoothing: 0.5, isLogY: true, hasEnvelope: false, hasFacets: true });
    await settle();
    expect(client.asked).toHaveLength(1);
    model.zoom({ from: 1, to: 2 });
    await until(() => model.detail !== null);
    options.set({ x: 'metrics.tokens' });
    expect(model.window).toBeNull();
    await until(() => model.overview!.x === 'metrics.tokens');
    options.set({ isLogX: true, groupBy: 'params.lr' });
    await until(() => model.overview!.groupBy === 'params.lr');
    expect(client.asked[client.asked.length - 1]).toMatchObject({
      x: 'metrics.tokens',
      scale: 'log',
      group_by: 'params.lr'
    });
  });

  it('keeps what it has when the server does not answer, and says so', async () => {
    const { client, changes, model } = await loaded();
    client.error = new Error('gone');
    changes.tell([A]);
    await until(() => model.error !== null);
    expect(model.overview!.page.curves).toHaveLength(2);
    client.error = null;
    model.refresh();
    await until(() => model.error === null);
  });

  it('lets updates rest the longer, the more they cost', async () => {
    const { client, changes, model } = await loaded();
    model.drawn(60_000);
    changes.tell([A]);
    await settle();
    expect(client.asked).toHaveLength(1);
    model.dispose();
    expect(changes.watched).toEqual([]);
  });
});

describe('CurveSheet', () => {
  it('has one chart for each metric, and tells when other curves are in them', async () => {
    const client = new FakeCurves([curveOf(A, [1])]);
    const changes = new FakeChanges();
    const sheet = new CurveSheet({ client, changes, project: PROJECT.id, runs: [A, B], limit: 1 });
    expect(sheet.get('loss')).toBe(sheet.get('loss'));
    expect(sheet.get('loss')).not.toBe(sheet.get('acc'));
    sheet.get('loss').setWidth(300);
    await until(() => sheet.version === 1);
    client.all = [curveOf(A, [1, 2])];
    changes.tell([A]);
    await until(() => sheet.views[0].page.curves[0].x.length === 2);
    expect(sheet.version).toBe(1);
    client.all = [curveOf(A, [1, 2]), curveOf(B, [1])];
    changes.tell([B]);
    await until(() => sheet.version === 2);
    sheet.dispose();
    expect(changes.watched).toEqual([]);
  });
});

describe('CurveOptions', () => {
  it('hides one, or all but one', () => {
    const options = new CurveOptions();
    options.toggle('a');
    expect([options.isHidden('a'), options.isHidden('b')]).toEqual([true, false]);
    options.isolate('a', ['a', 'b']);
    expect([options.isHidden('a'), options.isHidden('b')]).toEqual([false, true]);
    options.isolate('a', ['a', 'b']);
    expect([options.isHidden('a'), options.isHidden('b')]).toEqual([false, false]);
    options.toggle('a');
    options.set({ groupBy: 'params.lr' });
    expect(options.isHidden('a')).toBe(false);
  });
});
