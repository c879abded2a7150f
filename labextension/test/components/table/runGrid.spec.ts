import { CellContents } from '../../../src/components/table/cellContent';
import { GridColumns } from '../../../src/components/table/gridColumns';
import { readTheme } from '../../../src/components/table/gridTheme';
import { RunGrid } from '../../../src/components/table/runGrid';
import type { TablePage } from '../../../src/models/table/tablePage';
import { until } from '../../support/fakes';
import { makePage } from '../../support/table';
import { nullTranslator } from '@jupyterlab/translation';

beforeAll(() => {
  // Anything can be called and set on it; nothing is drawn.
  const context: object = new Proxy({}, { get: () => () => ({ width: 0 }), set: () => true });
  HTMLCanvasElement.prototype.getContext = (() => context) as never;
  performance.mark ??= (() => undefined) as never;
});

function makeGrid(page: TablePage): RunGrid {
  return new RunGrid({
    page,
    contents: new CellContents(page.table, nullTranslator.load('trackbook')),
    theme: readTheme(document.body),
    onOpen: () => undefined,
    onActivate: () => undefined
  });
}

describe('RunGrid', () => {
  it('has one row in sight while it has no height, however many runs there are', async () => {
    const { page, table } = makePage(100_000);
    await until(() => table.isReady);
    const grid = makeGrid(page);
    expect(grid.data.rowCount('body')).toBe(100_000);
    expect(grid.shown).toEqual({ first: 0, last: 0 });
    grid.dispose();
    page.dispose();
  });

  it('keeps at the left what there is room for, and shows a column that is added', async () => {
    const { page, table } = makePage(50);
    await until(() => table.isReady);
    table.columns.pin('name', true);
    table.columns.pin('params.lr', true);
    const columns = (room?: number) => new GridColumns(table, room);
    expect(columns().fixed).toBe(3);
    expect(columns(800).fixed).toBe(3);
    expect(columns(420).fixed).toBe(2);
    expect(columns(200).fixed).toBe(1);
    const grid = makeGrid(page);
    const shown = jest.spyOn(grid, 'scrollToColumn');
    table.columns.move(2, 0);
    expect(shown).not.toHaveBeenCalled();
    page.addColumn('tags.team');
    await until(() => shown.mock.calls.length > 0);
    expect(shown).toHaveBeenCalledWith(grid.columns.length - 1 - grid.data.columns.fixed);
    grid.dispose();
    page.dispose();
  });
});
