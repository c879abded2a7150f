import { Client } from '../../src/client/client';
import { type IComparison } from '../../src/client/compare';
import { type ICurveQuery } from '../../src/client/curves';
import { ApiError } from '../../src/client/errors';
import { type ISharingQuestion } from '../../src/client/sweeps';
import { type IRunDetail } from '../../src/client/types';
import { deadServer, fakeServer, type IAsked } from '../support/http';
import { sample } from '../support/samples';

function makeClient(body: unknown, status = 200): { client: Client; asked: IAsked[] } {
  const { serverSettings, asked } = fakeServer(body, status);
  return { client: new Client({ serverSettings }), asked };
}

const P = '019aa5a0-1c2d-7e3f-8a4b-5c6d7e8f9a0b';

describe('Client', () => {
  it('finds a project, and says when there is none', async () => {
    const { client, asked } = makeClient(sample('projects'));
    const project = await client.findProject('work/churn/train é.ipynb');
    expect(project).toEqual(sample<{ projects: unknown[] }>('projects').projects[0]);
    expect(asked[0].url.pathname).toBe('/base/trackbook/api/projects');
    expect(asked[0].url.searchParams.get('path')).toBe('work/churn/train é.ipynb');
    expect(await makeClient({ projects: [] }).client.findProject('x')).toBeNull();
  });

  it('asks for a window of runs and decodes what is not finite', async () => {
    const { client, asked } = makeClient(sample('runs'));
    const query = { query: 'metrics.acc > 0.9', offset: 100, limit: 50, notebook: 'a/b.ipynb' };
    const page = await client.runs(P, query);
    const search = asked[0].url.searchParams;
    expect(search.get('query')).toBe('metrics.acc > 0.9');
    expect(search.get('offset')).toBe('100');
    expect(search.get('limit')).toBe('50');
    expect(search.get('notebook')).toBe('a/b.ipynb');
    expect(search.has('trashed')).toBe(false);
    expect(page.total).toBe(5);
    const values = page.runs.flatMap(run => Object.values(run.metrics));
    expect(values.every(value => typeof value === 'number')).toBe(true);
    const failed = page.runs.find(run => run.number === 40)!;
    expect(failed.metrics.loss).toBeNaN();
    expect(failed.sparks['grad norm'].pop()).toBe(Infinity);
  });

  it('decodes a run with all that belongs to it', async () => {
    const { client } = makeClient(sample('run-detail-failed'));
    const detail = await client.run(P, 'id');
    const loss = detail.series.find(series => series.key === 'loss')!;
    expect(loss.last).toBeNaN();
    expect(loss.max).toBe(Infinity);
    expect(loss.min).toBe(1.9);
    expect(detail.run.error?.ename).toBe('ValueError');
  });

  it('asks for curves and decodes what is not finite', async () => {
    const { client, asked } = makeClient(sample('curves'));
    const query = sample<ICurveQuery>('curve-query');
    const page = await client.curves(P, query);
    expect(asked[0].url.pathname).toMatch(/\/curves$/);
    expect(asked[0].body).toEqual(query);
    const [exact, thinned, group] = page.curves;
    expect(exact.values[2]).toBeNaN();
    expect(thinned.max).toEqual([2.5, 9.75, NaN, 0.5]);
    expect(group).toMatchObject({ run_id: null, group: 0.1, counts: [2, 2, 1] });
  });

  it('names a rich value by key, step, and context with sorted names', async () => {
    const { client, asked } = makeClient('bytes');
    const [{ value }] = sample<IRunDetail>('run-detail').values;
    const context = { subset: 'val', fold: '2' };
    expect(await client.value(P, 'id', { ...value, context, step: 0 })).toBeInstanceOf(Blob);
    expect(asked[0].url.pathname).toMatch(/\/runs\/id\/values\/content$/);
    const search = asked[0].url.searchParams;
    expect(search.get('context')).toBe('{"fold":"2","subset":"val"}');
    expect(search.get('step')).toBe('0');
    const url = new URL(client.valueUrl(P, 'id', { ...value, key: 'a/b é', context: {} }));
    expect(url.searchParams.get('key')).toBe('a/b é');
    expect(url.searchParams.get('context')).toBe('{}');
  });

  it('asks for the series of several runs at once', async () => {
    const { client, asked } = makeClient(sample('series'));
    const series = await client.series(P, { runs: ['a', 'b'], key: 'loss', maxPoints: 800 });
    expect(asked[0].url.searchParams.getAll('run')).toEqual(['a', 'b']);
    expect(asked[0].url.searchParams.get('max_points')).toBe('800');
    expect(series.every(item => item.values.length === item.steps.length)).toBe(true);
    expect(series.flatMap(item => item.values).every(value => typeof value === 'number')).toBe(
      true
    );
  });

  it('sends edits, and null for a tag that goes', async () => {
    const { client, asked } = makeClient(sample('run'));
    await client.editRun(P, 'id', { tags: { team: null } });
    expect(asked[0]).toMatchObject({ method: 'PATCH', body: { tags: { team: null } } });
  });

  it('keeps the folders of an artifact and encodes their names', async () => {
    const { client, asked } = makeClient('');
    await client.artifact(P, 'id', 'plots/a b#1.png');
    expect(asked[0].url.pathname).toMatch(/artifacts\/plots\/a%20b%231\.png$/);
    expect(client.artifactUrl(P, 'id', 'a.png')).toMatch(/artifacts\/a\.png\?download=1$/);
  });

  it('compares, with numbers that may be missing or not finite', async () => {
    const { client, asked } = makeClient(sample<IComparison>('compare'));
    const comparison = await client.compare(P, ['a', 'b'], true);
    expect(asked[0].url.searchParams.get('all')).toBe('1');
    const loss = comparison.metrics.find(row => row.key === 'loss')!;
    expect(loss.values).toEqual([0.2184, 0.1021, NaN]);
  });

  it('queues jobs and cancels them', async () => {
    const { client, asked } = makeClient(sample('jobs'));
    const request = { notebook: 'a.ipynb', params: { lr: 0.1 }, sweep: { depth: [1, 2] } };
    const jobs = await client.submitJobs(P, request);
    expect(asked[0]).toMatchObject({ method: 'POST', body: request });
    expect(jobs.length).toBeGreaterThan(0);
    await client.cancelJob(P, 'j');
    expect(asked[1].url.pathname).toMatch(/jobs\/j\/cancel$/);
  });

  it('reads the other samples', async () => {
    expect((await makeClient(sample('artifacts')).client.artifacts(P, 'r'))[0].digest).toMatch(
      /^[0-9a-f]{64}$/
    );
    expect((await makeClient(sample('cell')).client.cell(P, 'r', 1)).source).not.toBe('');
    expect(
      (await makeClient(sample('snapshot')).client.snapshot(P, 'r', 'start')).notebook.nbformat
    ).toBe(4);
    expect(
      (await makeClient(sample('parameters')).client.parameters(P, 'a')).parameters[0].name
    ).toBe('lr');
    expect((await makeClient(sample('experiments')).client.experiments(P))[0].runs).toBeGreaterThan(
      0
    );
  });
});

describe('ApiError', () => {
  const samples = sample<{ status: number; body: Record<string, unknown> }[]>('errors');

  it.each(samples.map(({ status, body }) => [String(body.code), status, body] as const))(
    'is what the server says: %s',
    async (code, status, body) => {
      const { client } = makeClient(body, status);
      const error = await client.run(P, 'id').catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ApiError);
      expect(error).toMatchObject({ code, status, message: body.message });
    }
  );

  it('knows the place of an error in a search', async () => {
    const { body } = samples.find(item => item.body.code === 'query')!;
    const error = await makeClient(body, 400)
      .client.runs(P)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ position: 13, reason: 'A value is expected after >' });
  });

  it('knows the parameter that an error is about', async () => {
    const { body } = samples.find(item => item.body.code === 'parameter')!;
    const request = { notebook: 'a', params: {}, sweep: {} };
    const error = await makeClient(body, 400)
      .client.submitJobs(P, request)
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ subject: 'lrr', position: null });
  });

  it('says that the extension is missing when a page answers', async () => {
    const error = await makeClient('<html>', 404)
      .client.runs(P)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'http', status: 404 });
  });

  it('says so when nothing answers', async () => {
    const client = new Client({ serverSettings: deadServer() });
    const error = await client.runs(P).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'network', status: 0 });
  });
});

describe('Client of the queue and of sweeps', () => {
  it('asks for a window of the jobs, and for what a job said from an offset on', async () => {
    const { client, asked } = makeClient(sample('jobs'));
    const page = await client.jobPage(P, { status: 'failed', offset: 200, limit: 50 });
    expect(page.total).toBe(page.jobs.length);
    expect(Object.values(page.counts).reduce((sum, count) => sum + count, 0)).toBe(page.total);
    expect(asked[0].url.search).toMatch(/^\?status=failed&offset=200&limit=50(&|$)/);
    const log = makeClient(sample('job-log'));
    expect((await log.client.jobLog(P, 'j', 7)).text).toBe('Loading digits\n');
    expect(log.asked[0].url.searchParams.get('offset')).toBe('7');
  });

  it('starts workers, and knows them', async () => {
    const { client, asked } = makeClient(sample('workers'));
    const [worker] = await client.startWorker(P, 2);
    expect(worker.current.length).toBeLessThanOrEqual(worker.capacity);
    expect([asked[0].method, asked[0].body]).toEqual(['POST', { jobs: 2 }]);
    expect(await client.workers(P)).toEqual([worker]);
  });

  it('decodes sweeps and their trials', async () => {
    const detail = await makeClient(sample('sweep')).client.sweep(P, 'id');
    expect(detail.runs.length).toBeGreaterThan(0);
    expect(detail.runs.flatMap(trial => trial.values).every(isNumberOrNull)).toBe(true);
    expect(detail.runs.every(trial => trial.values.length === detail.objectives.length)).toBe(true);
    expect(detail.runs.flatMap(trial => trial.sparks.flat()).every(isNumberOrNull)).toBe(true);
    const sweeps = await makeClient(sample('sweeps')).client.sweeps(P);
    expect(sweeps.map(sweep => sweep.best?.value ?? null).every(isNumberOrNull)).toBe(true);
  });

  it('asks which cells trials would share', async () => {
    const { client, asked } = makeClient(sample('sharing'));
    const question = sample<ISharingQuestion>('sharing-question');
    const sharing = await client.sharing(P, question);
    expect(sharing.cells.map(({ cell, source }) => [typeof cell, typeof source])).toContainEqual([
      'number',
      'string'
    ]);
    expect([typeof sharing.summary, sharing.remarks.length]).toEqual(['string', 1]);
    expect([asked[0].method, asked[0].url.pathname.split('/').pop(), asked[0].body]).toEqual([
      'POST',
      'sharing',
      question
    ]);
  });

  it('cancels and resumes by the id', async () => {
    const { client, asked } = makeClient(sample('sweep'));
    await client.cancelSweep(P, 's');
    await client.resumeSweep(P, 's');
    expect(asked.map(({ url }) => url.pathname.split('/').slice(-2))).toEqual([
      ['s', 'cancel'],
      ['s', 'resume']
    ]);
  });

  it('goes on with a run with the notebook of an editor, or without', async () => {
    const { client, asked } = makeClient(sample('job'));
    const notebook = { cells: [], metadata: {}, nbformat: 4, nbformat_minor: 5 };
    await client.resumeRun(P, 'r', notebook);
    await client.resumeRun(P, 'r', null);
    expect(asked.map(({ body }) => body)).toEqual([{ notebook }, { notebook: null }]);
    const plan = await makeClient(sample('resumption')).client.resumption(P, 'r');
    expect(plan.cells.filter(cell => cell.again).length).toBeGreaterThan(0);
    const debug = await makeClient(sample('debug-started')).client.debugRun(P, 'r');
    expect(debug.session.path).toContain('debug');
  });
});

function isNumberOrNull(value: unknown): boolean {
  return value === null || typeof value === 'number';
}
