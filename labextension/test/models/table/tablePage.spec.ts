import { ApiError } from '../../../src/client/errors';
import { settle, until } from '../../support/fakes';
import { runId } from '../../support/samples';
import { makePage } from '../../support/table';

async function readyPage(count: number) {
  const made = makePage(count);
  await until(() => made.table.isReady);
  await settle();
  return made;
}

describe('TablePage', () => {
  it('selects a range from where it began, upwards too', async () => {
    const { page, selection } = await readyPage(20);
    page.go(5, 1);
    await page.selectTo(3, false);
    expect(selection.ids).toEqual([runId(15), runId(16), runId(17)]);
    page.go(0, 1);
    await page.selectTo(1, true);
    expect(selection.size).toBe(5);
    await page.toggle(0);
    expect(selection.has(runId(20))).toBe(false);
    page.dispose();
  });

  it('selects rows that it has not seen, up to a limit that it tells of', async () => {
    const { page, selection, client } = await readyPage(3000);
    page.go(100, 1);
    await page.selectTo(900, false);
    expect(selection.size).toBe(801);
    expect(client.windows.at(-1)).toMatchObject({ offset: 100, limit: 801 });
    expect(page.notice).toBeNull();
    await page.selectAll();
    expect(selection.size).toBe(1000);
    expect(page.notice).toEqual({ kind: 'selected', taken: 1000, of: 3000 });
    page.dispose();
  });

  it('selects the runs of a group, and takes them out again', async () => {
    const { page, table, selection } = await readyPage(6);
    table.setGroupBy(['params.lr']);
    await until(() => table.isReady);
    await page.toggle(0);
    expect(selection.ids).toEqual([runId(5), runId(3), runId(1)]);
    const [first, second] = [table.at(0), table.at(1)];
    expect([page.picks.has(first), page.picks.has(second)]).toEqual([true, false]);
    selection.remove([runId(3)]);
    expect(page.picks.has(first)).toBe(false);
    selection.add([runId(3)]);
    await page.toggle(0);
    expect(selection.size).toBe(0);
    expect(page.picks.has(first)).toBe(false);
    page.dispose();
  });

  it('copies the selected runs in their order, or all that match', async () => {
    const { page, selection } = await readyPage(2500);
    selection.set([runId(3), runId(7)]);
    expect(await page.copy('csv')).toBe('name,lr,acc\r\nrun 3,0.1,0.003\r\nrun 7,0.1,0.007\r\n');
    selection.clear();
    const text = await page.copy('markdown');
    expect(text?.split('\n')).toHaveLength(2503);
    expect(page.notice).toEqual({ kind: 'copied', taken: 2500, of: 2500, isGroups: false });
    page.dispose();
  });

  it('copies the groups that are shown', async () => {
    const { page, table, selection } = await readyPage(6);
    table.setGroupBy(['params.lr']);
    await until(() => table.isReady);
    table.setAggregation('max');
    expect(await page.copy('csv')).toBe('lr,count,max of acc\r\n0.1,3,1\r\n0.3,3,1\r\n');
    expect(page.notice).toEqual({ kind: 'copied', taken: 2, of: 2, isGroups: true });
    selection.set([runId(3)]);
    expect(await page.copy('csv')).toBe('name,lr,acc\r\nrun 3,0.1,0.003\r\n');
    page.dispose();
  });

  it('says why nothing was copied', async () => {
    const { page, client } = await readyPage(5);
    client.error = new ApiError('network', 'The server didn’t answer.', 0);
    expect(await page.copy('csv')).toBeNull();
    expect(page.notice).toEqual({ kind: 'error', message: 'The server didn’t answer.' });
    page.dispose();
  });

  it('keeps the cursor at its run when others come in above it', async () => {
    const { page, client, changes, table } = await readyPage(10);
    page.go(4, 1);
    expect(page.cursor.run).toBe(runId(6));
    const [run] = client.all;
    client.all = [{ ...run, id: runId(11), number: 11 }, ...client.all];
    changes.tell([runId(11)]);
    await until(() => table.pending === 1);
    table.showPending();
    await until(() => table.total === 11);
    expect(page.cursor.row).toBe(5);
    page.dispose();
  });

  it('edits names, notes and single tags, and nothing else', async () => {
    const { page, edits } = await readyPage(3);
    expect(page.edit(runId(1), 'metrics.acc')).toBe(false);
    expect(page.edit(runId(1), 'tags.team')).toBe(true);
    await until(() => page.editing.current?.before === 'vision');
    page.editing.setText('');
    expect(await page.editing.save()).toBe(true);
    await page.editing.begin(runId(2), { kind: 'tags' });
    expect(page.editing.text).toBe('team=vision');
    page.editing.setText('team=speech, best');
    await page.editing.save();
    expect(edits).toEqual([
      [runId(1), { tags: { team: null } }],
      [runId(2), { tags: { team: 'speech', best: '' } }]
    ]);
    page.dispose();
  });

  it('loses nothing that was typed when saving fails or rows change below', async () => {
    const { page, answers, changes } = await readyPage(3);
    await page.editing.begin(runId(1), { kind: 'notes' });
    page.editing.setText('long thoughts');
    changes.tell([runId(1)]);
    await settle();
    expect(page.editing.text).toBe('long thoughts');
    answers.error = new ApiError('network', 'The server didn’t answer.', 0);
    expect(await page.editing.save()).toBe(false);
    expect(page.editing.error).toBe('The server didn’t answer.');
    await page.editing.begin(runId(2), { kind: 'name' });
    expect(page.editing.current?.id).toBe(runId(1));
    expect(page.editing.text).toBe('long thoughts');
    answers.error = null;
    expect(await page.editing.save()).toBe(true);
    expect(page.editing.current).toBeNull();
    page.dispose();
  });
});

describe('QueryBox', () => {
  it('filters by what can be read, and leaves the table alone otherwise', async () => {
    const { page, client, table } = await readyPage(5);
    client.problem = {
      message: 'A value is expected',
      start: 9,
      end: 10,
      field: 'query',
      place: null
    };
    page.box.setText('status = ', 9);
    expect(await page.box.apply()).toBe(false);
    expect(page.box.problem?.start).toBe(9);
    expect(page.query.scope.query).toBe('');
    client.problem = null;
    page.box.setText("status = 'finished'", 19);
    expect(await page.box.apply()).toBe(true);
    expect(page.query.scope.query).toBe("status = 'finished'");
    await until(() => table.isReady);
    page.dispose();
  });

  it('gives way to a search that is set elsewhere while its own text is looked at', async () => {
    const { page } = await readyPage(5);
    page.box.setText('metrics.acc > 2', 15);
    await page.box.apply();
    const late = page.box.settle();
    page.query.set({ query: '' });
    await late;
    expect(page.query.scope.query).toBe('');
    expect(page.box.text).toBe('');
    page.dispose();
  });

  it('makes an order at the end the order of the heads', async () => {
    const { page, table } = await readyPage(5);
    page.box.setText("status = 'finished' order by metrics.acc desc", 44);
    await page.box.apply();
    expect(table.sort).toEqual([{ column: 'metrics.acc', isReverse: true }]);
    expect(page.query.scope.query).toBe("status = 'finished'");
    expect(page.box.text).toContain('order by');
    await page.box.settle();
    expect(page.box.text).toBe("status = 'finished'");
    page.dispose();
  });

  it('offers fields, and the values that a field has', async () => {
    const { page } = await readyPage(5);
    await until(() => page.table.known.length > 0);
    page.box.setText('lr', 2);
    expect(page.box.options.map(({ text }) => text)).toEqual(['params.lr']);
    page.box.move(1);
    expect(page.box.choose()).toBe(10);
    expect(page.box.text).toBe('params.lr ');
    page.box.setText('params.lr = ', 12);
    await until(() => page.box.options.length === 2);
    expect(page.box.options.map(({ text }) => text)).toEqual(['0.1', '0.3']);
    // Values that come when the list was closed open it no more.
    page.box.setText('params.depth = ', 15);
    page.box.close();
    await settle();
    expect(page.box.options).toEqual([]);
    page.dispose();
  });
});

describe('TableViews', () => {
  it('hold which runs are shown, in which groups, order and columns, and bring all of it back', async () => {
    const { page, table } = makePage(5);
    await until(() => table.isReady);
    page.query.set({ query: "status = 'finished'", experiment: 'churn', notebook: 'a.ipynb' });
    table.setGroupBy(['params.lr']);
    table.setAggregation('max');
    table.setSort([{ column: 'count', isReverse: true }]);
    table.columns.resize('name', 321);
    const { spec } = table;
    expect(await page.views.saveAs('mine')).toBe(true);
    page.query.set({ query: '', experiment: null, notebook: null, trashed: true });
    expect(page.views.isChanged).toBe(true);
    table.setGroupBy([]);
    table.setSort([]);
    table.setAggregation('mean');
    table.columns.remove('name');
    page.views.open(page.views.currentId);
    expect(table.spec).toEqual(spec);
    expect(page.query.scope).toMatchObject({ experiment: 'churn', notebook: 'a.ipynb' });
    expect(page.views.isChanged).toBe(false);
    page.dispose();
  });

  it('save the table, tell whether it has changed, and bring it back', async () => {
    const { page, table, client } = await readyPage(5);
    const { views } = page;
    expect(await views.saveAs('mine')).toBe(true);
    expect(views.current?.name).toBe('mine');
    expect(views.isChanged).toBe(false);
    table.setSort([{ column: 'name', isReverse: true }]);
    expect(views.isChanged).toBe(true);
    views.open(views.currentId);
    expect(table.sort).toEqual([]);
    table.columns.resize('name', 333);
    expect(views.isChanged).toBe(true);
    expect(await views.save()).toBe(true);
    expect(views.isChanged).toBe(false);
    expect(client.saved[0].revision).toBe(2);
    await views.rename('ours');
    expect(views.current?.name).toBe('ours');
    page.dispose();
  });

  it('refuse a name that is taken', async () => {
    const { page } = await readyPage(5);
    await page.views.saveAs('mine');
    expect(await page.views.saveAs('mine')).toBe(false);
    expect(page.views.error?.status).toBe(409);
    page.dispose();
  });

  it('keep both sides when somebody else has saved meanwhile', async () => {
    const { page, table, client } = await readyPage(5);
    const { views } = page;
    await views.saveAs('mine');
    await client.changeView('', views.currentId!, { revision: 1, name: 'theirs' });
    table.setSort([{ column: 'name', isReverse: true }]);
    expect(await views.save()).toBe(false);
    expect(views.error?.status).toBe(409);
    expect(table.sort).toHaveLength(1);
    expect(await views.saveOver()).toBe(true);
    expect(client.saved[0].name).toBe('theirs');
    expect(client.saved[0].content.order_by).toEqual([{ column: 'name', desc: true }]);
    page.dispose();
  });

  it('come back after they were deleted', async () => {
    const { page } = await readyPage(5);
    await page.views.saveAs('mine');
    const gone = await page.views.remove();
    expect(page.views.views).toEqual([]);
    await page.views.restore(gone!);
    expect(page.views.current?.name).toBe('mine');
    page.dispose();
  });
});
