import { BasicMouseHandler, type DataGrid, type DataModel } from '@lumino/datagrid';
import { Platform } from '@lumino/domutils';

import type { TablePage } from '../../models/table/tablePage';
import { MIN_WIDTH } from '../../models/table/columns';
import { toggleSort } from '../../models/table/order';
import type { RunGrid } from './runGrid';

/** How near to an edge, in pixels, a column is resized. */
const EDGE = 5;
/** How far a head is moved until that is a drag. */
const DRAG = 6;

type Press =
  | { readonly type: 'resize'; readonly place: number; readonly x: number; readonly width: number }
  | { readonly type: 'head'; readonly place: number; readonly x: number; target: number | null };

/** What the mouse does in the run table: it selects, opens, sorts, resizes and moves columns. */
export class GridMouse extends BasicMouseHandler {
  constructor(
    private readonly _grid: RunGrid,
    private readonly _page: TablePage
  ) {
    super();
  }

  override release(): void {
    this._press = null;
    this._mark?.remove();
    this._mark = null;
  }

  override onMouseHover(grid: DataGrid, event: MouseEvent): void {
    const hit = grid.hitTest(event.clientX, event.clientY);
    const { node } = grid.viewport;
    node.style.cursor = this._edge(hit) === null ? '' : 'col-resize';
    const title = this._grid.titleAt(hit);
    if (node.title !== title) {
      node.title = title;
    }
  }

  /** What was shown of the cell under the mouse ends with it. */
  override onMouseLeave(grid: DataGrid): void {
    const { node } = grid.viewport;
    node.style.cursor = '';
    node.title = '';
  }

  override onMouseDown(grid: DataGrid, event: MouseEvent): void {
    const hit = grid.hitTest(event.clientX, event.clientY);
    if (hit.region === 'void') {
      return;
    }
    const place = this._grid.data.columns.placeOf(hit.region, hit.column);
    if (isHead(hit.region)) {
      const edge = this._edge(hit);
      this._press =
        edge === null
          ? { type: 'head', place, x: event.clientX, target: null }
          : {
              type: 'resize',
              place: edge,
              x: event.clientX,
              width: this._grid.columns[edge].width
            };
      return;
    }
    this._row(hit.row, place, hit.x, event);
  }

  override onMouseMove(_: DataGrid, event: MouseEvent): void {
    const press = this._press;
    if (press?.type === 'resize') {
      const width = Math.max(MIN_WIDTH, press.width + event.clientX - press.x);
      const { fixed } = this._grid.data.columns;
      const isFixed = press.place < fixed;
      this._grid.resizeColumn(
        isFixed ? 'row-header' : 'body',
        isFixed ? press.place : press.place - fixed,
        width
      );
    } else if (press?.type === 'head' && Math.abs(event.clientX - press.x) > DRAG) {
      this._drag(press, event);
    }
  }

  override onMouseUp(_: DataGrid, event: MouseEvent): void {
    const press = this._press;
    const { columns } = this._page.table;
    if (press?.type === 'resize') {
      const drawn = this._grid.columns[press.place];
      if ('column' in drawn) {
        columns.resize(drawn.column.column, press.width + event.clientX - press.x);
      }
    } else if (press?.type === 'head') {
      const { modelPlace } = this._grid.data.columns;
      const placeOf = modelPlace.bind(this._grid.data.columns);
      if (press.target !== null) {
        columns.move(placeOf(press.place), placeOf(press.target));
      } else if (Math.abs(event.clientX - press.x) <= DRAG) {
        this._sort(press.place, event.shiftKey);
      }
    }
    this.release();
  }

  override onMouseDoubleClick(grid: DataGrid, event: MouseEvent): void {
    const hit = grid.hitTest(event.clientX, event.clientY);
    const place = this._grid.data.columns.placeOf(hit.region, hit.column);
    if (isHead(hit.region)) {
      const edge = this._edge(hit);
      if (edge !== null) {
        this._grid.fitColumn(edge);
      }
    } else if (hit.region !== 'void' && place > 0) {
      this._grid.openAt(hit.row, place);
    }
    this.release();
  }

  /** A click on a row: its box selects, Ctrl selects one more, Shift all from where the range began. */
  private _row(row: number, place: number, x: number, event: MouseEvent): void {
    const page = this._page;
    const isMore = Platform.accelKey(event);
    if (event.shiftKey) {
      void page.selectTo(row, isMore);
      page.go(row, place, true);
      return;
    }
    page.go(row, place);
    const isBox = place === 0;
    if (isBox || isMore) {
      void page.toggle(row);
    } else if (this._grid.columns[place]?.kind === 'group' && x < 18) {
      page.table.toggleGroup(row);
    }
  }

  private _sort(place: number, isAdded: boolean): void {
    const drawn = this._grid.columns[place];
    const { table } = this._page;
    if (drawn?.kind === 'value') {
      table.setSort(toggleSort(table.sort, drawn.column.column, isAdded));
    } else if (drawn?.kind === 'group') {
      table.setSort(toggleSort(table.sort, 'count', isAdded, true));
    }
  }

  /** Show between which columns a head that is dragged would come to stand. */
  private _drag(press: Extract<Press, { type: 'head' }>, event: MouseEvent): void {
    const grid = this._grid;
    const own = grid.columns[press.place];
    if (!own || !('column' in own)) {
      return;
    }
    grid.viewport.node.style.cursor = 'grabbing';
    const { lx } = grid.mapToLocal(event.clientX, event.clientY);
    let target = press.place;
    grid.columns.forEach((drawn, place) => {
      const { x, width } = grid.boxOf(-1, place);
      if ('column' in drawn && lx >= x && lx < x + width) {
        target = place;
      }
    });
    press.target = target === press.place ? null : target;
    this._mark ??= grid.viewport.node.appendChild(document.createElement('div'));
    this._mark.className = 'trackbook-Grid-drop';
    const { x, width } = grid.boxOf(-1, target);
    this._mark.style.left = `${target > press.place ? x + width - 1 : x}px`;
    this._mark.hidden = press.target === null;
  }

  /** The column whose right edge is under the mouse; null where there is none. */
  private _edge(hit: DataGrid.HitTestResult): number | null {
    if (!isHead(hit.region)) {
      return null;
    }
    const place = this._grid.data.columns.placeOf(hit.region, hit.column);
    const edge = hit.width - hit.x <= EDGE ? place : hit.x <= EDGE ? place - 1 : -1;
    const drawn = this._grid.columns[edge];
    return drawn && 'column' in drawn ? edge : null;
  }

  private _press: Press | null = null;
  private _mark: HTMLElement | null = null;
}

function isHead(region: DataModel.CellRegion | 'void'): boolean {
  return region === 'column-header' || region === 'corner-header';
}
