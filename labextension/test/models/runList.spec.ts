import { ApiError } from '../../src/client/errors';
import { RunListModel } from '../../src/models/runList';
import { FakeChanges, FakeRuns, readyProject, settle, until } from '../support/fakes';
import { manyRuns, runId } from '../support/samples';

async function makeList(count: number) {
  const client = new FakeRuns(manyRuns(count));
  const changes = new FakeChanges();
  const project = await readyProject(client, changes);
  const list = new RunListModel({ client, changes, project, searchDelay: 1 });
  await until(() => list.isReady);
  await settle();
  return { client, changes, project, list };
}

describe('RunListModel', () => {
  it('asks for the runs of the notebook first, and for a window of them only', async () => {
    const { client, list } = await makeList(5000);
    expect(client.asked[0].notebook).toBe('work/churn/train.ipynb');
    expect(client.asked.every(query => query.limit! <= 500)).toBe(true);
    expect(client.asked.length).toBeLessThanOrEqual(3);
    expect(list.rows.total).toBe(5000);
    expect(list.rows.at(0)?.number).toBe(5000);
    expect(list.rows.at(4000)).toBeUndefined();
  });

  it('brings what is scrolled to', async () => {
    const { list } = await makeList(5000);
    list.setWindow(4000, 4030, false);
    await until(() => list.rows.firstUnknown(4000, 4030) < 0);
    expect(list.rows.at(4000)?.number).toBe(1000);
    expect(list.rows.at(2000)).toBeUndefined();
  });

  it('asks again for what can be seen when a run changes', async () => {
    const { client, changes, list } = await makeList(300);
    client.all = client.all.map(run =>
      run.number === 300 ? { ...run, metrics: { acc: 1 } } : run
    );
    client.asked.length = 0;
    changes.tell([runId(300)]);
    await until(() => list.rows.at(0)?.metrics.acc === 1);
    expect(client.asked).toHaveLength(1);
    expect(client.asked[0]).toMatchObject({ offset: 0 });
  });

  it('asks for what changed while it could not be seen when it can', async () => {
    const { client, changes, list } = await makeList(3);
    list.setShown(false);
    client.asked.length = 0;
    client.all = manyRuns(4);
    changes.tell([runId(4)]);
    changes.tell([runId(4)]);
    await settle();
    expect(client.asked).toEqual([]);
    list.setShown(true);
    await until(() => list.rows.total === 4);
    expect(client.asked).toHaveLength(1);
    list.setShown(true);
    await settle();
    expect(client.asked).toHaveLength(1);
  });

  it('leaves alone what another project tells', async () => {
    const { client, changes } = await makeList(3);
    client.asked.length = 0;
    changes.tell([runId(1)], [], 'another');
    await settle();
    expect(client.asked).toEqual([]);
  });

  it('announces new runs while the user looks further down', async () => {
    const { client, changes, list } = await makeList(300);
    list.setWindow(100, 130, false);
    await until(() => list.rows.firstUnknown(100, 130) < 0);
    client.all = manyRuns(302);
    changes.tell([runId(302), runId(301)]);
    await until(() => list.rows.pending === 2);
    expect(list.rows.at(100)?.number).toBe(200);
    list.showPending();
    list.setWindow(0, 30, true);
    await until(() => list.rows.at(0)?.number === 302);
    expect(list.rows.total).toBe(302);
  });

  it('shows new runs at once while the user looks at the first', async () => {
    const { client, changes, list } = await makeList(3);
    client.all = manyRuns(4);
    changes.tell([runId(4)]);
    await until(() => list.rows.total === 4);
    expect(list.rows.at(0)?.number).toBe(4);
    expect(list.rows.pending).toBe(0);
  });

  it('searches after the last letter', async () => {
    const { client, list } = await makeList(20);
    client.all = client.all.map(run => ({ ...run, name: run.number === 7 ? 'lucky' : 'plain' }));
    client.asked.length = 0;
    list.setSearch('l');
    list.setSearch('lucky');
    await until(() => list.rows.total === 1);
    expect(list.rows.at(0)?.number).toBe(7);
    expect(client.asked.map(query => query.query)).toEqual(['lucky']);
  });

  it('keeps its rows when a search can not be read, and says where', async () => {
    const { client, list } = await makeList(20);
    client.error = new ApiError('query', 'A value is expected', 400, { position: 4 });
    list.setSearch('acc >');
    await until(() => list.error !== null);
    expect(list.error?.position).toBe(4);
    expect(list.rows.total).toBe(20);
    client.error = null;
    list.setSearch('');
    await until(() => list.error === null);
  });

  it('asks for other runs when the scope changes', async () => {
    const { client, list } = await makeList(20);
    const before = list.place;
    list.setScope({ kind: 'experiment', name: 'churn' });
    await until(() => client.asked[client.asked.length - 1].experiment === 'churn');
    expect(client.asked[client.asked.length - 1].notebook).toBeUndefined();
    list.setScope({ kind: 'trash' });
    await until(() => client.asked[client.asked.length - 1].trashed === true);
    expect(list.place).not.toBe(before);
  });

  it('tries again after the server was away', async () => {
    const { client, changes, list } = await makeList(20);
    client.error = new ApiError('network', 'The server didn’t answer.', 0);
    changes.tell(null);
    await until(() => list.error?.code === 'network');
    expect(list.rows.total).toBe(20);
    client.error = null;
    await list.refresh();
    await until(() => list.error === null);
  });

  it('does not ask for ever for a row that does not come', async () => {
    const { client, list } = await makeList(20);
    const answer = client.runs.bind(client);
    client.runs = async (...args) => ({ ...(await answer(...args)), total: 40 });
    client.asked.length = 0;
    await list.refresh();
    list.setWindow(0, 39, true);
    await settle();
    expect(client.asked.length).toBeLessThan(5);
  });

  it('shows an edited run at once, and drops one that went to the trash', async () => {
    const { client, list } = await makeList(5);
    list.update({ ...list.rows.at(0)!, name: 'renamed' });
    expect(list.rows.at(0)?.name).toBe('renamed');
    const gone = list.rows.at(0)!;
    client.all = client.all.slice(1);
    list.update({ ...gone, trashed: true });
    await until(() => list.rows.total === 4);
    expect(list.rows.indexOf(gone.id)).toBe(-1);
  });
});
