import { CellContents } from '../../../src/components/table/cellContent';
import { readTheme } from '../../../src/components/table/gridTheme';
import { RunGrid } from '../../../src/components/table/runGrid';
import { until } from '../../support/fakes';
import { makePage } from '../../support/table';
import { nullTranslator } from '@jupyterlab/translation';

beforeAll(() => {
  // Anything can be called and set on it; nothing is drawn.
  const context: object = new Proxy({}, { get: () => () => ({ width: 0 }), set: () => true });
  HTMLCanvasElement.prototype.getContext = (() => context) as never;
});

describe('RunGrid', () => {
  it('has one row in sight while it has no height, however many runs there are', async () => {
    const { page, table } = makePage(100_000);
    await until(() => table.isReady);
    const grid = new RunGrid({
      page,
      contents: new CellContents(table, nullTranslator.load('trackbook')),
      theme: readTheme(document.body),
      onOpen: () => undefined,
      onActivate: () => undefined
    });
    expect(grid.data.rowCount('body')).toBe(100_000);
    expect(grid.shown).toEqual({ first: 0, last: 0 });
    grid.dispose();
    page.dispose();
  });
});
