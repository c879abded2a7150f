import { type IJob } from '../../src/client/types';
import { JobsModel } from '../../src/models/jobs';
import { FakeChanges, FakeRuns, PROJECT, readyProject, settle, until } from '../support/fakes';
import { sample } from '../support/samples';

describe('JobsModel', () => {
  it('asks often while a job runs, and rests when none does', async () => {
    const [job] = sample<{ jobs: IJob[] }>('jobs').jobs;
    let jobs: IJob[] = [{ ...job, status: 'running', cell: 1 }];
    let asked = 0;
    const client = {
      jobs: () => {
        asked += 1;
        return Promise.resolve(jobs);
      },
      cancelJob: () => Promise.resolve({ ...job, status: 'cancelled' as const })
    };
    const changes = new FakeChanges();
    const project = await readyProject(new FakeRuns([]), changes);
    const frequency = { interval: 2, backoff: false, max: 100 };
    const model = new JobsModel({ client, changes, project, frequency, standby: 'never' });
    await until(() => asked > 3);
    expect(model.active).toBe(1);
    await model.cancel(PROJECT.id, job.id);
    expect(model.jobs[0].status).toBe('cancelled');
    jobs = [{ ...job, status: 'finished' }];
    await until(() => model.jobs[0]?.status === 'finished');
    await settle();
    const rested = asked;
    await new Promise(resolve => setTimeout(resolve, 30));
    expect(asked).toBe(rested);
    jobs = [{ ...job, status: 'queued' }];
    changes.tell([], [job.id]);
    await until(() => model.active === 1);
    model.dispose();
  });
});
