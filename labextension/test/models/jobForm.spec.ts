import { ApiError } from '../../src/client/errors';
import { type IParameter } from '../../src/client/parameters';
import {
  type ISharing,
  type ISharingQuestion,
  type ISweep,
  type ISweepRequest
} from '../../src/client/sweeps';
import { type IJobRequest, type IParameters } from '../../src/client/tokens';
import { type IJob, type IProject, type IRunPage } from '../../src/client/types';
import { JobFormModel } from '../../src/models/jobForm';
import { PROJECT, until } from '../support/fakes';
import { sample, sampleRuns } from '../support/samples';
import { makeSweep } from '../support/sweeps';

class FakeJobs {
  readonly requests: IJobRequest[] = [];
  readonly sweeps: ISweepRequest[] = [];
  readonly questions: ISharingQuestion[] = [];
  project: IProject | null = PROJECT;
  created: string[] = [];
  refusal: ApiError | null = null;
  parametersOf: IParameter[] = sample<IParameters>('parameters').parameters;

  findProject(): Promise<IProject | null> {
    return Promise.resolve(this.project);
  }

  createProject(path: string): Promise<IProject> {
    this.created.push(path);
    return Promise.resolve(PROJECT);
  }

  parameters(): Promise<IParameters> {
    const { proposals, problems } = sample<IParameters>('parameters');
    return Promise.resolve({
      parameters: this.parametersOf,
      kernel: 'python3',
      proposals: this.parametersOf.length ? [] : proposals,
      problems
    });
  }

  makeParameters(_: string, __: string, names: readonly string[]): Promise<IParameters> {
    if (this.refusal) {
      return Promise.reject(this.refusal);
    }
    const { proposals } = sample<IParameters>('parameters');
    this.parametersOf = proposals
      .map(item => item.parameter)
      .filter(parameter => names.includes(parameter.name));
    return this.parameters();
  }

  runs(): Promise<IRunPage> {
    return Promise.resolve({ total: 5, revision: 1, runs: sampleRuns() });
  }

  startSweep(_: string, request: ISweepRequest): Promise<ISweep> {
    this.sweeps.push(request);
    return this.refusal ? Promise.reject(this.refusal) : Promise.resolve(makeSweep());
  }

  sharing(_: string, question: ISharingQuestion): Promise<ISharing> {
    this.questions.push(question);
    return this.refusal
      ? Promise.reject(this.refusal)
      : Promise.resolve(sample<ISharing>('sharing'));
  }

  submitJobs(_: string, request: IJobRequest): Promise<IJob[]> {
    this.requests.push(request);
    return this.refusal
      ? Promise.reject(this.refusal)
      : Promise.resolve(sample<{ jobs: IJob[] }>('jobs').jobs);
  }
}

async function makeForm(client = new FakeJobs()) {
  const form = new JobFormModel({ client, notebook: 'work/churn/train.ipynb', delay: 1 });
  await until(() => form.fields !== null);
  return { client, form };
}

function field(form: JobFormModel, name: string) {
  return form.fields!.find(item => item.parameter.name === name)!;
}

describe('JobFormModel', () => {
  it('has a field for each parameter of the notebook', async () => {
    const { form } = await makeForm();
    const names = form.fields!.map(item => item.parameter.name);
    expect(names.slice(0, 3)).toEqual(['lr', 'depth', 'optimizer']);
    expect(form.count).toBe(1);
    expect(form.kernel).toBe('python3');
  });

  it('makes a project for a notebook that has none', async () => {
    const client = new FakeJobs();
    client.project = null;
    await makeForm(client);
    expect(client.created).toEqual(['work/churn/train.ipynb']);
  });

  it('sends what was written, typed, and leaves the rest to the notebook', async () => {
    const { client, form } = await makeForm();
    form.setField('lr', { text: '1e-3' });
    form.setField('augment', { text: 'false' });
    form.setField('seed', { text: 'None' });
    form.setOption('experiment', ' tuned ');
    form.setOption('timeout', '2.5');
    await form.submit();
    expect(client.requests).toEqual([
      {
        notebook: 'work/churn/train.ipynb',
        params: { lr: 0.001, augment: false, seed: null },
        sweep: {},
        experiment: 'tuned',
        parallel: 1,
        timeout: 150
      }
    ]);
    expect(form.submitted.length).toBeGreaterThan(0);
  });

  it('counts the trials of a grid before they run', async () => {
    const { client, form } = await makeForm();
    form.setField('lr', { text: '0.01, 0.1, 1', mode: 'list' });
    form.setField('depth', { text: '[4, 8]', mode: 'list' });
    form.setField('augment', { text: '', mode: 'list' });
    expect(form.count).toBe(12);
    expect(form.sampler).toBe('grid');
    await form.submit();
    expect(client.requests).toEqual([]);
    expect(client.sweeps).toEqual([
      {
        notebook: 'work/churn/train.ipynb',
        params: {},
        space: { lr: [0.01, 0.1, 1], depth: [4, 8], augment: [false, true] },
        sampler: 'grid',
        objectives: [],
        jobs: 1
      }
    ]);
    expect(form.sweeps.map(sweep => sweep.id)).toEqual([makeSweep().id]);
  });

  it('sends a range with all that a search needs', async () => {
    const { client, form } = await makeForm();
    const range = { low: '0.001', high: '1', step: '', isLog: true };
    form.setField('lr', { range, mode: 'range' });
    form.setField('depth', { text: '5' });
    form.setSweepOptions({
      objectives: [
        { metric: ' acc ', direction: 'max' },
        { metric: '', direction: 'max' }
      ],
      trials: '30',
      pruner: 'median',
      seed: '7',
      sharePrefix: true
    });
    form.setKeepsSnapshots(true);
    form.setOption('parallel', '3');
    expect(form.count).toBe(30);
    await form.submit();
    expect(client.sweeps).toEqual([
      {
        notebook: 'work/churn/train.ipynb',
        params: { depth: 5 },
        space: { lr: { low: 0.001, high: 1, log: true } },
        sampler: 'tpe',
        objectives: [{ metric: 'acc', direction: 'max' }],
        trials: 30,
        pruner: 'median',
        seed: 7,
        share_prefix: true,
        snapshots: true,
        jobs: 3
      }
    ]);
  });

  it('asks which cells trials would share, once for each sweep that is written', async () => {
    const { client, form } = await makeForm();
    form.setField('lr', { text: '0.01, 0.1', mode: 'list' });
    form.setField('depth', { text: '5' });
    expect(client.questions).toEqual([]); // nobody wants cells to be shared
    form.setSweepOptions({ sharePrefix: true });
    await until(() => form.shared.sharing !== null);
    expect(form.shared.sharing).toEqual(sample('sharing'));
    form.setOption('experiment', 'tuned'); // changes nothing about it
    form.setField('lr', { text: '0.01, 0.2' });
    await until(() => client.questions.length > 1);
    const notebook = 'work/churn/train.ipynb';
    expect(client.questions).toEqual([
      { notebook, params: { depth: 5 }, space: { lr: [0.01, 0.1] } },
      { notebook, params: { depth: 5 }, space: { lr: [0.01, 0.2] } }
    ]);
    await form.load(); // the notebook was saved
    await until(() => client.questions.length > 2);
    client.refusal = new ApiError('notebook', 'work/churn/train.ipynb can not be read.', 400);
    form.setField('depth', { text: '6' });
    await until(() => form.shared.error !== null);
    expect(form.shared.sharing).toBeNull();
    form.setField('lr', { text: 'fast' }); // no sweep while that is wrong
    expect(form.shared.error).toBeNull();
    form.dispose();
  });

  it('starts no sweep while an option is wrong', async () => {
    const { client, form } = await makeForm();
    form.setField('lr', { mode: 'range', range: { low: '1', high: '0', step: '', isLog: false } });
    expect(field(form, 'lr').rangeFault?.problem).toBe('order');
    expect(form.count).toBeNull();
    form.setField('lr', { range: { low: '0', high: '1', step: '', isLog: false } });
    expect(form.count).toBe(20);
    form.setSweepOptions({ pruner: 'median' });
    expect(form.sweepProblems).toEqual({ objectives: 'objective' });
    expect(form.count).toBeNull();
    await form.submit();
    expect(client.sweeps).toEqual([]);
    form.setField('lr', { mode: 'value' });
    expect(form.count).toBe(1); // what a sweep would need matters to no single job
  });

  it('offers the metrics of earlier runs with their goals', async () => {
    const { form } = await makeForm();
    await until(() => form.metrics.length > 0);
    expect(form.metrics.find(({ name }) => name === 'acc')?.goal).toBe('max');
    expect(form.metrics.some(({ name }) => name.startsWith('system/'))).toBe(false);
  });

  it('says what can not be used, in its field, and sends nothing', async () => {
    const { client, form } = await makeForm();
    form.setField('depth', { text: '8.5' });
    expect(field(form, 'depth').problem).toBe('int');
    expect(form.count).toBeNull();
    await form.submit();
    expect(client.requests).toEqual([]);
    form.setField('depth', { text: '8' });
    expect(field(form, 'depth').problem).toBeNull();
    form.setField('lr', { mode: 'list' });
    expect(field(form, 'lr').problem).toBe('empty');
  });

  it('checks number of jobs at a time and time limit', async () => {
    const { form } = await makeForm();
    form.setOption('parallel', '0');
    expect(form.isWrong('parallel')).toBe(true);
    expect(form.count).toBeNull();
    form.setOption('parallel', '');
    form.setOption('timeout', 'soon');
    expect(form.isWrong('timeout')).toBe(true);
  });

  it('puts what the server says of a parameter beside it', async () => {
    const { client, form } = await makeForm();
    const details = { name: 'lr', reason: 'it must be above 0', suggestions: [] };
    client.refusal = new ApiError('parameter', 'Parameter lr: …', 400, details);
    form.setField('lr', { text: '-1' });
    await form.submit();
    expect(field(form, 'lr').complaint).toBe('it must be above 0');
    expect(form.error).toBeNull();
    form.setField('lr', { text: '1' });
    expect(field(form, 'lr').complaint).toBeNull();
  });

  it('puts each of several complaints beside its field', async () => {
    const { client, form } = await makeForm();
    const problems = [
      { name: 'lr', reason: 'expected float', suggestions: [] },
      { name: 'depth', reason: 'expected int', suggestions: [] }
    ];
    client.refusal = new ApiError('parameter', 'Two …', 400, { ...problems[0], problems });
    await form.submit();
    expect(field(form, 'lr').complaint).toBe('expected float');
    expect(field(form, 'depth').complaint).toBe('expected int');
    expect(form.error).toBeNull();
    client.refusal = new ApiError('parameter', 'Two …', 400, {
      problems: [problems[0], { name: 'gone', reason: 'no such parameter', suggestions: [] }]
    });
    await form.submit();
    expect(form.error?.message).toBe('Two …');
  });

  it('makes proposed constants parameters', async () => {
    const client = new FakeJobs();
    client.parametersOf = [];
    const { form } = await makeForm(client);
    expect(form.proposals.map(item => item.parameter.name)).toEqual(['BATCH']);
    client.refusal = new ApiError('notebook', 'It was changed meanwhile.', 400);
    expect(await form.accept(['BATCH'])).toBe(false);
    expect(form.error?.message).toBe('It was changed meanwhile.');
    client.refusal = null;
    expect(await form.accept(['BATCH'])).toBe(true);
    expect(form.fields!.map(item => item.parameter.name)).toEqual(['BATCH']);
    expect(form.proposals).toEqual([]);
    expect(form.error).toBeNull();
  });

  it('says everything else above the button', async () => {
    const { client, form } = await makeForm();
    client.refusal = new ApiError('kernel', 'There is no kernel python9.', 503);
    await form.submit();
    expect(form.error?.message).toBe('There is no kernel python9.');
    expect(form.isSubmitting).toBe(false);
  });

  it('keeps what was written when the notebook was saved with other parameters', async () => {
    const { client, form } = await makeForm();
    form.setField('lr', { text: '0.5' });
    form.setField('depth', { text: '3' });
    const added = { ...client.parametersOf[0], name: 'momentum' };
    client.parametersOf = [client.parametersOf[0], added];
    await form.load();
    expect(form.fields!.map(item => [item.parameter.name, item.text])).toEqual([
      ['lr', '0.5'],
      ['momentum', '']
    ]);
  });
});
