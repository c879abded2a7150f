import type { ICellReference, INotebookDifferences } from '../../src/client/differences';
import { NotebookDifferencesModel } from '../../src/models/notebookDifferences';
import { FakeChanges, PROJECT, settle, until } from '../support/fakes';
import { sample } from '../support/samples';

const differences = sample<INotebookDifferences>('differences-notebook');

class FakeClient {
  asked: unknown[] = [];
  cells: (readonly [ICellReference | null, ICellReference | null])[] = [];
  failing = false;

  compareNotebooks(_: string, runs: readonly [string, string], all = false) {
    this.asked.push([...runs, all]);
    return this.failing ? Promise.reject(new Error('gone')) : Promise.resolve(differences);
  }

  compareCell(
    _: string,
    __: readonly [string, string],
    cells: readonly [ICellReference | null, ICellReference | null]
  ) {
    this.cells.push(cells);
    return this.failing
      ? Promise.reject(new Error('gone'))
      : Promise.resolve(sample<never>('differences-cell'));
  }

  compareCode() {
    return Promise.resolve(sample<never>('differences-code'));
  }
}

function make() {
  const client = new FakeClient();
  const changes = new FakeChanges();
  const model = new NotebookDifferencesModel({ client, changes, project: PROJECT.id, limit: 1 });
  return { client, changes, model };
}

describe('NotebookDifferencesModel', () => {
  it('asks for two runs once, and again while one of them lives', async () => {
    const { client, changes, model } = make();
    model.show('a', 'b');
    model.show('a', 'b');
    await until(() => model.differences !== null);
    expect(client.asked).toEqual([['a', 'b', false]]);
    changes.tell(['c']);
    await settle();
    expect(client.asked).toHaveLength(1);
    changes.tell(['b']);
    await until(() => client.asked.length === 2);
    model.showAll(true);
    await until(() => client.asked.length === 3);
    expect(client.asked[2]).toEqual(['a', 'b', true]);
    model.dispose();
  });

  it('opens cells in which something shows, and others when asked', async () => {
    const { model } = make();
    model.show('a', 'b');
    await until(() => model.differences !== null);
    const [source, moved] = differences.cells;
    expect(model.isOpen(source)).toBe(true);
    expect(model.isOpen({ ...moved, changes: ['moved'] })).toBe(false);
    model.toggle(source);
    expect(model.isOpen(source)).toBe(false);
    model.show('b', 'a');
    expect(model.isOpen(source)).toBe(true);
  });

  it('goes from one difference to the next, and round', async () => {
    const { model } = make();
    model.step(1);
    expect(model.current).toBe(-1);
    model.show('a', 'b');
    await until(() => model.differences !== null);
    const seen = [1, 1, 1, 1, 1, -1, -1].map(direction => {
      model.step(direction as 1 | -1);
      return model.current;
    });
    expect(seen).toEqual([0, 1, 2, 3, 0, 3, 2]);
  });

  it('reads a cell once, and again after a failure', async () => {
    const { client, model } = make();
    model.show('a', 'b');
    await until(() => model.differences !== null);
    const cell = differences.cells[0];
    client.failing = true;
    await expect(model.cell(cell, false)).rejects.toThrow('gone');
    client.failing = false;
    await model.cell(cell, false);
    await model.cell(cell, false);
    expect(client.cells).toHaveLength(2);
    expect(client.cells[1]).toEqual([
      { index: 0, cell_id: 'c-params', order: 1 },
      { index: null, cell_id: 'c-params', order: 1 }
    ]);
    await model.cell(cell, true);
    expect(client.cells).toHaveLength(3);
  });

  it('tells what went wrong, and tries again', async () => {
    const { client, model } = make();
    client.failing = true;
    model.show('a', 'b');
    await until(() => model.error !== null);
    client.failing = false;
    await model.refresh();
    expect(model.error).toBeNull();
    expect(model.differences?.equal).toBe(1);
  });
});
