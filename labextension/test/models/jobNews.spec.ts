import { Signal } from '@lumino/signaling';

import { type ISweep } from '../../src/client/sweeps';
import { type IJob } from '../../src/client/types';
import { FixedProject } from '../../src/models/fixedProject';
import {
  ENDED_SCHEMA,
  type IEndedEvent,
  type JobNews,
  JobNewsModel
} from '../../src/models/jobNews';
import { JobsModel } from '../../src/models/jobs';
import { SweepsModel } from '../../src/models/sweeps';
import { FakeChanges, PROJECT, settle, until } from '../support/fakes';
import { runId, sample } from '../support/samples';
import { makeSweep } from '../support/sweeps';

const [SAMPLE] = sample<{ jobs: IJob[] }>('jobs').jobs;

function makeNews(jobs: IJob[], sweeps: ISweep[] = []) {
  const state = { jobs, sweeps };
  const client = {
    jobs: () => Promise.resolve(state.jobs),
    sweeps: () => Promise.resolve(state.sweeps),
    job: (_: string, id: string) => Promise.resolve({ ...SAMPLE, id, status: 'failed' as const }),
    cancelJob: () => Promise.reject(new Error())
  };
  const project = new FixedProject(PROJECT.id);
  const frequency = { interval: 2, backoff: false, max: 50 };
  const options = {
    client,
    changes: new FakeChanges(),
    project,
    frequency,
    standby: 'never' as const
  };
  const jobsModel = new JobsModel(options);
  const sweepsModel = new SweepsModel(options);
  const events = new Signal<object, IEndedEvent>({});
  const news = new JobNewsModel({ client, jobs: jobsModel, sweeps: sweepsModel, events });
  const told: JobNews[] = [];
  news.ended.connect((_, end) => void told.push(end));
  const dispose = () => [news, jobsModel, sweepsModel].forEach(model => model.dispose());
  return { state, told, events, jobsModel, sweepsModel, dispose };
}

const job = (number: number, change: Partial<IJob> = {}): IJob => ({
  ...SAMPLE,
  id: runId(number),
  status: 'running',
  ...change
});

describe('JobNewsModel', () => {
  it('tells once of each job that ends, and of none that was over before', async () => {
    const { state, told, events, jobsModel, dispose } = makeNews([
      job(1),
      job(2, { status: 'finished' })
    ]);
    await until(() => jobsModel.jobs.length > 0);
    state.jobs = [job(1, { status: 'finished' }), state.jobs[1]];
    await until(() => told.length > 0);
    events.emit({ schema_id: ENDED_SCHEMA, project: PROJECT.id, job: runId(1) });
    await settle();
    expect(told.map(end => end.kind === 'job' && end.job.id)).toEqual([runId(1)]);
    dispose();
  });

  it('hears of jobs in other projects from the server', async () => {
    const { told, events, dispose } = makeNews([]);
    events.emit({ schema_id: 'urn:other', project: 'p', job: runId(8) });
    events.emit({ schema_id: ENDED_SCHEMA, project: 'p', job: runId(9) });
    await until(() => told.length > 0);
    expect(told).toMatchObject([{ kind: 'job', project: 'p', job: { id: runId(9) } }]);
    dispose();
  });

  it('is silent about what the user cancelled, and tells of a sweep once for all of its trials', async () => {
    const trial = { number: 1, sweep: runId(900) };
    const { state, told, jobsModel, sweepsModel, dispose } = makeNews(
      [job(1), job(2, { spec: { ...SAMPLE.spec, trial } })],
      [makeSweep()]
    );
    await until(() => jobsModel.jobs.length > 0 && sweepsModel.sweeps.length > 0);
    state.jobs = state.jobs.map(item => ({
      ...item,
      status: item.spec.trial ? 'failed' : 'cancelled'
    }));
    state.sweeps = [makeSweep({ status: 'finished' })];
    await until(() => jobsModel.active === 0 && told.length > 0);
    await settle();
    expect(told).toMatchObject([{ kind: 'sweep', sweep: { id: runId(900) } }]);
    dispose();
  });
});
