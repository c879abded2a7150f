import { BestModel } from '../../src/models/best';
import { RunListModel } from '../../src/models/runList';
import { FakeChanges, FakeRuns, readyProject, until } from '../support/fakes';
import { manyRuns } from '../support/samples';

describe('BestModel', () => {
  it('asks the server for the best run of each experiment', async () => {
    const runs = manyRuns(3);
    const client = new FakeRuns(runs);
    const changes = new FakeChanges();
    const project = await readyProject(client, changes);
    const list = new RunListModel({ client, changes, project });
    const best = new BestModel({ client, changes, list, limit: 1 });
    await until(() => best.has(runs[0]));
    const race = client.asked.find(query => query.orderBy !== undefined);
    expect(race).toMatchObject({ orderBy: 'metrics.acc desc', limit: 1, experiment: 'churn' });
    expect(best.has(runs[1])).toBe(false);
    expect(best.has({ ...runs[0], goals: {} })).toBe(false);
  });
});
