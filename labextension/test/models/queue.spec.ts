import { type IJobLog, type IJobPage, type IJobQuery, type IWorker } from '../../src/client/queue';
import { type IJob, type IRunDetail } from '../../src/client/types';
import { JobListModel } from '../../src/models/jobList';
import { JobLogModel } from '../../src/models/jobLog';
import { QueueModel } from '../../src/models/queue';
import { FakeChanges, PROJECT, until } from '../support/fakes';
import { runClient } from '../support/runClient';
import { runId, sample } from '../support/samples';

const [SAMPLE] = sample<{ jobs: IJob[] }>('jobs').jobs;
const QUICK = { frequency: { interval: 2, backoff: false, max: 50 }, standby: 'never' as const };

/** A server with many jobs, the newest first; it counts what it is asked. */
class FakeQueue {
  asked: IJobQuery[] = [];
  error: Error | null = null;
  jobs: IJob[];

  constructor(count: number, change: Partial<IJob> = {}) {
    this.jobs = Array.from({ length: count }, (_, place) => ({
      ...SAMPLE,
      id: runId(count - place),
      status: 'finished' as const,
      attempts: [],
      ...change
    }));
  }

  jobPage(_: string, query: IJobQuery = {}): Promise<IJobPage> {
    this.asked.push(query);
    if (this.error) {
      return Promise.reject(this.error);
    }
    const counts: IJobPage['counts'] = {};
    this.jobs.forEach(({ status }) => (counts[status] = (counts[status] ?? 0) + 1));
    const { offset = 0, limit = 100, status } = query;
    const matching = this.jobs.filter(job => !status || job.status === status);
    const jobs = matching.slice(offset, offset + limit);
    return Promise.resolve({ jobs, total: matching.length, counts });
  }
}

describe('JobListModel', () => {
  it('knows the window that can be seen, of a list of any length', async () => {
    const client = new FakeQueue(5000);
    const changes = new FakeChanges();
    const model = new JobListModel({ client, changes, project: PROJECT.id, ...QUICK });
    await until(() => model.isReady);
    expect(model.total).toBe(5000);
    expect(model.at(0)?.id).toBe(runId(5000));
    expect(model.at(4000)).toBeUndefined();
    model.setWindow(4000, 4030);
    await until(() => model.at(4000) !== undefined);
    expect(model.at(4000)?.id).toBe(runId(1000));
    expect(model.indexOf(runId(1000))).toBe(4000);
    expect(model.between(4002, 4000).map(job => job.id)).toEqual([1000, 999, 998].map(runId));
    expect(client.asked.every(({ limit }) => limit! <= 500)).toBe(true);
    model.setWindow(4970, 4999);
    await until(() => model.at(4999) !== undefined);
    model.dispose();
  });

  it('asks again while something runs, and rests when nothing does', async () => {
    const client = new FakeQueue(3);
    const changes = new FakeChanges();
    const model = new JobListModel({ client, changes, project: PROJECT.id, ...QUICK });
    await until(() => model.isReady);
    await new Promise(resolve => setTimeout(resolve, 30));
    const rested = client.asked.length;
    expect(rested).toBeLessThan(4);
    client.jobs = [{ ...client.jobs[0], status: 'running', cell: 2 }];
    changes.tell([], [runId(3)]);
    await until(() => client.asked.length > rested + 3);
    expect(model.active).toBe(1);
    expect(model.counts).toEqual({ running: 1 });
    model.dispose();
  });

  it('narrows to a state, and keeps what it knew when the server fails', async () => {
    const client = new FakeQueue(4);
    client.jobs[1] = { ...client.jobs[1], status: 'failed' };
    const changes = new FakeChanges();
    const model = new JobListModel({ client, changes, project: PROJECT.id, ...QUICK });
    await until(() => model.isReady);
    model.setFilter('failed');
    expect(model.isReady).toBe(false);
    await until(() => model.isReady);
    expect(model.total).toBe(1);
    client.error = new Error('gone');
    await model.refresh();
    expect(model.error?.message).toBe('gone');
    expect(model.at(0)?.status).toBe('failed');
    model.dispose();
  });
});

describe('JobLogModel', () => {
  it('follows a log by offset until it is complete', async () => {
    const parts = ['one\n', '', 'two\n', ''];
    const asked: number[] = [];
    const client = {
      jobLog: (_: string, __: string, offset: number): Promise<IJobLog> => {
        asked.push(offset);
        const text = parts.shift() ?? '';
        return Promise.resolve({
          text,
          offset: offset + text.length,
          complete: parts.length === 0
        });
      }
    };
    const model = new JobLogModel({ client, project: PROJECT.id, job: 'j', ...QUICK });
    await until(() => model.isComplete);
    expect(model.text).toBe('one\ntwo\n');
    expect(asked).toEqual([0, 4, 4, 8]);
    model.dispose();
  });
});

describe('QueueModel', () => {
  const detail = sample<IRunDetail>('run-detail');
  const worker: IWorker = {
    id: 'w',
    host: 'h',
    pid: 1,
    jobs: 0,
    capacity: 4,
    started: '2026-11-21T10:00:00Z',
    current: ['a']
  };

  function makeQueue(change: Partial<IJob>) {
    const fake = new FakeQueue(2, change);
    let workers: IWorker[] = [];
    const client = {
      ...runClient(detail),
      jobPage: fake.jobPage.bind(fake),
      job: (_: string, id: string) => Promise.resolve({ ...SAMPLE, id }),
      jobLog: () => Promise.resolve({ text: 'x', offset: 1, complete: true }),
      workers: () => Promise.resolve(workers),
      startWorker: () => Promise.resolve((workers = [worker]))
    };
    const changes = new FakeChanges();
    return { fake, model: new QueueModel({ client, changes, project: PROJECT.id, ...QUICK }) };
  }

  it('follows the shown job from one attempt to the next', async () => {
    const { fake, model } = makeQueue({ status: 'running', started: SAMPLE.submitted, cell: 1 });
    await until(() => model.list.isReady);
    await model.show(runId(2));
    expect(model.job?.cell).toBe(1);
    const first = model.run;
    expect(first?.id).toBe(SAMPLE.spec.run_id);
    fake.jobs = fake.jobs.map(job => ({
      ...job,
      cell: 5,
      spec: { ...job.spec, run_id: runId(77) }
    }));
    await until(() => model.job?.cell === 5);
    expect(model.run?.id).toBe(runId(77));
    expect(first?.isDisposed).toBe(true);
    model.openLog();
    await until(() => model.log?.isComplete === true);
    await model.show(null);
    expect([model.job, model.run, model.log]).toEqual([null, null, null]);
    model.dispose();
  });

  it('says that nobody works, and can change that', async () => {
    const { model } = makeQueue({ status: 'queued', started: null });
    await until(() => model.workers.workers !== null);
    expect(model.workers.capacity).toBe(0);
    await model.workers.start();
    expect([model.workers.busy, model.workers.capacity]).toEqual([1, 4]);
    model.dispose();
  });
});
