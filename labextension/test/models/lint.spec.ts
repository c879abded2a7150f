import type * as nbformat from '@jupyterlab/nbformat';

import { ApiError } from '../../src/client/errors';
import { type IDiagnostic, type ILintReport } from '../../src/client/lint';
import { gravest, LintModel } from '../../src/models/lint';
import { ProblemsModel, severitiesOf } from '../../src/models/problems';
import { until } from '../support/fakes';
import { diagnostic, reportOf } from '../support/lint';

const CONTENT: nbformat.INotebookContent = {
  cells: [],
  metadata: {},
  nbformat: 4,
  nbformat_minor: 5
};

/** A server that answers when the test says so. */
class FakeLinter {
  readonly asked: (AbortSignal | undefined)[] = [];
  answers: ((answer: ILintReport | Error) => void)[] = [];

  lint(_path: string, _content: unknown, signal?: AbortSignal): Promise<ILintReport> {
    this.asked.push(signal);
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () =>
        reject(Object.assign(new Error('gone'), { name: 'AbortError' }))
      );
      this.answers.push(answer => (answer instanceof Error ? reject(answer) : resolve(answer)));
    });
  }
}

function makeModel(pause = 5, patience = 1000) {
  const client = new FakeLinter();
  const notebook = () => ({
    path: 'work/train.ipynb',
    content: CONTENT,
    ids: ['a', 'b', 'c'],
    unseen: ['What was left out.']
  });
  return { client, model: new LintModel({ client, notebook, pause, patience }) };
}

const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

describe('LintModel', () => {
  it('asks once for many edits, when they pause', async () => {
    const { client, model } = makeModel(40);
    model.isLive = true;
    await until(() => client.asked.length === 1);
    client.answers[0](reportOf([]));
    await until(() => !model.isBusy);
    for (let edit = 0; edit < 5; edit += 1) {
      model.poke();
      await wait(5);
    }
    expect(client.asked.length).toBe(1);
    await until(() => client.asked.length === 2);
    await wait(60);
    expect(client.asked.length).toBe(2);
    model.dispose();
  });

  it('does not wait for ever where edits never pause', async () => {
    const { client, model } = makeModel(50, 120);
    model.isLive = true;
    await until(() => client.asked.length === 1);
    client.answers[0](reportOf([]));
    await until(() => !model.isBusy);
    const start = Date.now();
    while (client.asked.length < 2 && Date.now() - start < 5000) {
      model.poke();
      await wait(10);
    }
    expect(client.asked.length).toBe(2);
    model.dispose();
  });

  it('has one request on its way at most, and looks again at what changed meanwhile', async () => {
    const { client, model } = makeModel();
    const first = model.refresh();
    const second = model.refresh();
    void model.refresh();
    expect(client.asked.length).toBe(1);
    client.answers[0](reportOf([diagnostic({ message: 'old' })]));
    await until(() => client.asked.length === 2);
    client.answers[1](reportOf([diagnostic({ message: 'new' })]));
    await Promise.all([first, second]);
    expect(model.report?.diagnostics.map(item => item.message)).toEqual(['new']);
    expect(client.asked.length).toBe(2);
  });

  it('gives up its request when the notebook closes', async () => {
    const { client, model } = makeModel();
    void model.refresh();
    model.dispose();
    expect(client.asked[0]?.aborted).toBe(true);
    model.poke();
    await wait(30);
    expect(client.asked.length).toBe(1);
    expect(model.error).toBeNull();
  });

  it('knows the problems of a cell by the id that the page has', async () => {
    const { client, model } = makeModel();
    const done = model.refresh();
    const found = [
      diagnostic({ cell: 3, cell_id: null, line: 9 }),
      diagnostic({ cell: 3, cell_id: null, line: 2 }),
      diagnostic({ cell: 0, cell_id: null, line: 1 }),
      diagnostic({ cell: 1, cell_id: 'other' })
    ];
    client.answers[0](reportOf(found));
    await done;
    expect(model.of('c').map(item => item.line)).toEqual([2, 9]);
    expect(model.of('a').length).toBe(1);
    expect(model.of('b')).toEqual([]);
    expect(model.report?.diagnostics.map(item => item.cell)).toEqual([0, 1, 3, 3]);
  });

  it('says what was not sent, too', async () => {
    const { client, model } = makeModel();
    const done = model.refresh();
    client.answers[0](reportOf([], ['What was not understood.']));
    await done;
    expect(model.report?.unseen).toEqual(['What was not understood.', 'What was left out.']);
  });

  it('leaves empty cells alone: somebody is about to write there', async () => {
    const { client, model } = makeModel();
    const done = model.refresh();
    client.answers[0](reportOf([diagnostic({ cell: 1, rule: 'empty-cell', severity: 'info' })]));
    await done;
    expect(model.report?.diagnostics).toEqual([]);
    expect(model.of('a')).toEqual([]);
  });

  it('keeps what was known when the server fails, and tries again', async () => {
    const { client, model } = makeModel();
    const first = model.refresh();
    client.answers[0](reportOf([diagnostic()]));
    await first;
    const second = model.refresh();
    client.answers[1](new ApiError('network', 'The server didn’t answer.', 0));
    await second;
    expect(model.error?.message).toBe('The server didn’t answer.');
    expect(model.report?.diagnostics.length).toBe(1);
    const third = model.refresh();
    client.answers[2](reportOf([]));
    await third;
    expect(model.error).toBeNull();
    expect(model.report?.diagnostics).toEqual([]);
  });

  it('forgets everything when it is switched off, but still looks on request', async () => {
    const { client, model } = makeModel();
    model.isLive = true;
    await until(() => client.asked.length === 1);
    client.answers[0](reportOf([diagnostic({ cell: 1 })]));
    await until(() => model.report !== null);
    model.isLive = false;
    expect(model.report).toBeNull();
    expect(model.of('a')).toEqual([]);
    model.poke();
    await wait(30);
    expect(client.asked.length).toBe(1);
    const done = model.refresh();
    client.answers[1](reportOf([diagnostic()]));
    await done;
    expect(model.report).not.toBeNull();
  });
});

describe('ProblemsModel', () => {
  async function makeProblems() {
    const { client, model } = makeModel();
    const done = model.refresh();
    const found = [
      diagnostic({ cell: 1, line: 1, severity: 'error' }),
      diagnostic({ cell: 1, line: 4, severity: 'info' }),
      diagnostic({ cell: 3, line: 2, severity: 'warning' })
    ];
    client.answers[0](reportOf(found));
    await done;
    const problems = new ProblemsModel();
    problems.follow(model);
    return { model, problems };
  }

  it('groups by cell what is not hidden', async () => {
    const { problems } = await makeProblems();
    expect(problems.groups.map(({ cell, items }) => [cell, items.length])).toEqual([
      [1, 2],
      [3, 1]
    ]);
    expect(severitiesOf(problems)).toEqual(['error', 'warning', 'info']);
    problems.toggle('warning');
    expect(problems.groups.map(({ cell }) => cell)).toEqual([1]);
    problems.ask('c');
    expect(problems.groups.map(({ cell }) => cell)).toEqual([1, 3]);
  });

  it('goes from problem to problem, round and round', async () => {
    const { problems } = await makeProblems();
    const place = (cell: number, line: number, step: 1 | -1) => {
      const item = problems.next(cell, line, step);
      return [item?.cell, item?.line];
    };
    expect(place(1, 0, 1)).toEqual([1, 1]);
    expect(place(1, 1, 1)).toEqual([1, 4]);
    expect(place(2, 0, 1)).toEqual([3, 2]);
    expect(place(3, 2, 1)).toEqual([1, 1]);
    expect(place(3, 2, -1)).toEqual([1, 4]);
    expect(place(1, 1, -1)).toEqual([3, 2]);
  });

  it('follows one notebook at a time', async () => {
    const { model, problems } = await makeProblems();
    const version = problems.version;
    problems.follow(null);
    expect(problems.all).toEqual([]);
    model.isLive = true;
    model.isLive = false;
    expect(problems.version).toBe(version + 1);
  });
});

describe('gravest', () => {
  it('is the severity that counts most', () => {
    const of = (...severities: IDiagnostic['severity'][]) =>
      gravest(severities.map(severity => diagnostic({ severity })));
    expect(of('info', 'error', 'warning')).toBe('error');
    expect(of('info', 'warning')).toBe('warning');
    expect(of()).toBeNull();
  });
});
