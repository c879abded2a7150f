import { DataGrid } from '@lumino/datagrid';

import { blitWhole } from '../../../src/components/table/wholeBlits';

type Copied = [what: string, ...numbers: number[]];

/** A grid that draws some cells, and tells what it copied to the screen. */
class Grid {
  readonly copied: Copied[] = [];

  _blitContent(...blit: Copied): void {
    this.copied.push(blit);
  }

  _drawCells(cells: readonly Copied[]): void {
    cells.forEach(cell => this._blitContent(...cell));
  }
}

const cell = (x: number, y: number, width = 50, height = 24): Copied => [
  'buffer',
  x,
  y,
  width,
  height,
  x,
  y
];

function makeGrid(): Grid {
  const grid = new Grid();
  blitWhole(grid as unknown as DataGrid);
  return grid;
}

describe('blitWhole', () => {
  it('copies all cells of a region at once', () => {
    const grid = makeGrid();
    grid._drawCells([cell(10, 20), cell(10, 44), cell(60, 20), cell(60, 44)]);
    expect(grid.copied).toEqual([['buffer', 10, 20, 100, 48, 10, 20]]);
    grid._drawCells([cell(0, 0)]);
    expect(grid.copied.slice(1)).toEqual([cell(0, 0)]);
  });

  it('copies nothing where nothing is to be seen', () => {
    const grid = makeGrid();
    grid._drawCells([]);
    grid._drawCells([cell(10, 20, 0), cell(10, 20, 50, -3)]);
    expect(grid.copied).toEqual([]);
  });

  it('leaves alone what is moved on the screen', () => {
    const grid = makeGrid();
    const moved: Copied = ['canvas', 0, 24, 100, 200, 0, 0];
    grid._blitContent(...moved);
    expect(grid.copied).toEqual([moved]);
    grid._drawCells([cell(0, 0), moved]);
    expect(grid.copied.slice(1)).toEqual([moved, cell(0, 0)]);
  });

  it('knows how the installed grid draws', () => {
    // Where this fails after an update, the table is slow again without a graphics card.
    const drawing = DataGrid.prototype as unknown as Record<string, unknown>;
    expect(typeof drawing._drawCells).toBe('function');
    expect(typeof drawing._blitContent).toBe('function');
  });
});
