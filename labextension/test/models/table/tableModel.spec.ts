import { ApiError } from '../../../src/client/errors';
import { valueOf } from '../../../src/models/table/rowRequest';
import type { TableModel } from '../../../src/models/table/tableModel';
import { settle, until } from '../../support/fakes';
import { runId } from '../../support/samples';
import { fakeRuns, makeTable, SPEC } from '../../support/table';

function numbers(table: TableModel, count = table.rowCount): (number | string | null)[] {
  return Array.from({ length: count }, (_, index) => {
    const entry = table.at(index);
    if (entry?.kind === 'group') {
      return `lr ${entry.group.values[0] as number}`;
    }
    return entry ? (valueOf(entry.row, 'number') as number) : null;
  });
}

describe('TableModel', () => {
  it('shows the newest runs first, with the columns that it was given', async () => {
    const { client, table } = makeTable(500);
    await until(() => table.isReady);
    expect(table.total).toBe(500);
    expect(numbers(table, 3)).toEqual([500, 499, 498]);
    const entry = table.at(0);
    expect(entry?.kind === 'run' && valueOf(entry.row, 'metrics.acc')).toBe(0.5);
    expect(entry?.kind === 'run' && valueOf(entry.row, 'params.other')).toBeUndefined();
    expect(client.windows.some(({ limit }) => (limit ?? 0) > 200)).toBe(false);
    table.dispose();
  });

  it('chooses columns of its own for the first time', async () => {
    const { table } = makeTable(5, null);
    await until(() => table.isReady);
    const columns = table.columns.columns.map(({ column }) => column);
    expect(columns).toEqual(expect.arrayContaining(['name', 'metrics.acc', 'params.lr']));
    expect(columns).toContain('spark(acc)');
    table.dispose();
  });

  it('sorts by several columns, and begins at the head', async () => {
    const { client, table } = makeTable(300);
    await until(() => table.isReady);
    const { question } = table;
    table.setSort([
      { column: 'metrics.acc', isReverse: false },
      { column: 'name', isReverse: true }
    ]);
    expect(table.question).toBe(question + 1);
    await until(() => table.isReady);
    expect(client.windows.at(-1)?.order_by ?? '').toBe('');
    expect(client.windows.some(({ order_by }) => order_by === 'metrics.acc, name desc')).toBe(true);
    expect(numbers(table, 3)).toEqual([1, 2, 3]);
    table.dispose();
  });

  it('asks for a column that is added, where it stands, and for none that is hidden or moved', async () => {
    const { client, table } = makeTable(300);
    await until(() => table.isReady);
    const { question } = table;
    const before = client.windows.length;
    table.columns.remove('params.lr');
    table.columns.move(0, 1);
    await settle();
    expect(client.windows).toHaveLength(before);
    table.columns.add('tags.team');
    await until(() => table.isReady);
    expect(client.windows.length).toBeGreaterThan(before);
    expect(client.windows[before].columns).toContain('tags.team');
    expect(table.question).toBe(question);
    table.dispose();
  });

  it('announces new runs in place of pushing the others', async () => {
    const { client, changes, table } = makeTable(300);
    await until(() => table.isReady);
    await settle();
    client.all = fakeRuns(303);
    changes.tell([runId(303)]);
    await until(() => table.pending === 3);
    expect(numbers(table, 2)).toEqual([300, 299]);
    expect(table.total).toBe(300);
    table.showPending();
    await until(() => table.total === 303 && table.isReady);
    expect(numbers(table, 2)).toEqual([303, 302]);
    expect(table.pending).toBe(0);
    table.dispose();
  });

  it('lets new runs in by itself where nobody is disturbed', async () => {
    const { client, changes, table } = makeTable(30);
    await until(() => table.isReady);
    await settle();
    table.setFollowing(true);
    client.all = fakeRuns(31);
    changes.tell([runId(31)]);
    await until(() => table.total === 31);
    expect(numbers(table, 1)).toEqual([31]);
    table.setSort([{ column: 'metrics.acc', isReverse: true }]);
    await until(() => table.isReady);
    await settle();
    client.all = fakeRuns(32);
    changes.tell([runId(32)]);
    await until(() => table.pending === 1);
    expect(table.total).toBe(31);
    table.dispose();
  });

  it('fills an empty table with the first runs, whatever is looked at', async () => {
    const { client, changes, table } = makeTable(0, null);
    await until(() => table.isReady);
    await settle();
    client.all = fakeRuns(2);
    changes.tell([runId(2)]);
    await until(() => table.total === 2);
    table.dispose();
  });

  it('renews values where they stand: no row moves though its sort value has changed', async () => {
    const { client, changes, table } = makeTable(50);
    table.setSort([{ column: 'metrics.acc', isReverse: true }]);
    await until(() => table.isReady);
    client.all = client.all.map(run => (run.number === 48 ? { ...run, acc: 9 } : run));
    changes.tell([runId(48)]);
    await until(() => {
      const entry = table.at(2);
      return entry?.kind === 'run' && valueOf(entry.row, 'metrics.acc') === 9;
    });
    expect(numbers(table, 4)).toEqual([50, 49, 48, 47]);
    table.dispose();
  });

  it('takes a run away that no longer matches', async () => {
    const { client, changes, query, table } = makeTable(5);
    query.set({ query: "status = 'finished'" });
    await until(() => table.isReady && table.total === 5);
    await settle();
    client.all = client.all.map(run => (run.number === 4 ? { ...run, status: 'failed' } : run));
    changes.tell([runId(4)]);
    await until(() => table.total === 4);
    expect(numbers(table)).toEqual([5, 3, 2, 1]);
    table.dispose();
  });

  it('groups runs, and opens groups between others', async () => {
    const { client, table } = makeTable(6);
    await until(() => table.isReady);
    table.setGroupBy(['params.lr']);
    await until(() => table.isReady);
    expect(numbers(table)).toEqual(['lr 0.1', 'lr 0.3']);
    expect(table.total).toBe(6);
    expect(client.grouped.at(-1)?.columns).toEqual(['name', 'params.lr', 'metrics.acc']);
    const entry = table.at(0);
    expect(entry?.kind === 'group' && table.aggregate(entry.group, 'metrics.acc')?.count).toBe(3);
    expect(table.toggleGroup(0)).toBe(true);
    await until(() => numbers(table)[1] !== null);
    expect(numbers(table)).toEqual(['lr 0.1', 5, 3, 1, 'lr 0.3']);
    expect(table.groupRowOf(2)).toBe(0);
    expect(table.indexOf(runId(3))).toBe(2);
    expect(table.toggleGroup(0, true)).toBe(false);
    table.toggleGroup(0, false);
    expect(numbers(table)).toEqual(['lr 0.1', 'lr 0.3']);
    table.setGroupBy([]);
    await until(() => table.isReady);
    expect(table.rowCount).toBe(6);
    table.dispose();
  });

  it('sorts groups by their size and by the numbers that it shows of them', async () => {
    const { client, table } = makeTable(6);
    table.setGroupBy(['params.lr']);
    table.setSort([
      { column: 'count', isReverse: true },
      { column: 'metrics.acc', isReverse: true },
      { column: 'name', isReverse: false },
      { column: 'params.lr', isReverse: false }
    ]);
    await until(() => table.isReady);
    expect(client.grouped.at(-1)?.order_by).toBe('count desc, mean of metrics.acc desc, params.lr');
    table.setAggregation('max');
    await until(() => table.isReady);
    expect(client.grouped.at(-1)?.order_by).toContain('max of metrics.acc desc');
    table.dispose();
  });

  it('keeps what it has when the server is away, and heals', async () => {
    const { client, changes, table } = makeTable(5);
    await until(() => table.isReady);
    client.error = new ApiError('network', 'The server didn’t answer.', 0);
    table.refresh();
    await until(() => table.error !== null);
    expect(numbers(table, 2)).toEqual([5, 4]);
    client.error = null;
    changes.tell(null);
    await until(() => table.error === null && table.isReady);
    table.dispose();
  });

  it('shows a saved view in one question', async () => {
    const { client, table } = makeTable(5);
    await until(() => table.isReady);
    const before = client.windows.filter(({ limit }) => limit === 200).length;
    table.apply({
      ...SPEC,
      query: "status = 'finished'",
      sort: [{ column: 'name', isReverse: false }]
    });
    await until(() => table.isReady);
    const asked = client.windows.filter(({ limit }) => limit === 200).slice(before);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ order_by: 'name' });
    expect(asked[0].scope?.query).toContain("(status = 'finished')");
    table.dispose();
  });
});
