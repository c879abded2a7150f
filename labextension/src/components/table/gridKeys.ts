import { Platform } from '@lumino/domutils';

import { toggleSort } from '../../models/table/order';
import type { TablePage } from '../../models/table/tablePage';
import type { RunGrid } from './runGrid';

/** What a key does that isn't about moving. */
export interface IKeyActions {
  open(row: number, place: number): void;
  edit(row: number, place: number): void;
  copy(): void;
}

/** Handle a key in the run table; says whether it was one of its own. */
export function handleGridKey(
  event: React.KeyboardEvent | KeyboardEvent,
  grid: RunGrid,
  page: TablePage,
  actions: IKeyActions
): boolean {
  const { cursor, table } = page;
  const { row, column } = cursor;
  const isAccel = Platform.IS_MAC ? event.metaKey : event.ctrlKey;
  if (event.altKey) {
    return false;
  }
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (isAccel) {
    return handleAccel(key, grid, page, actions);
  }
  if (key.startsWith('Arrow') && foldGroup(key, grid, page)) {
    return true;
  }
  const rows = table.rowCount;
  const jump = Math.max(1, Math.floor(grid.pageHeight / 24) - 1);
  const moves: Readonly<Record<string, [number, number]>> = {
    ArrowDown: [row + 1, column],
    ArrowUp: [row - 1, column],
    ArrowLeft: [row, column - 1],
    ArrowRight: [row, column + 1],
    PageDown: [row + jump, column],
    PageUp: [Math.max(0, row - jump), column],
    Home: [row, 0],
    End: [row, grid.columns.length - 1]
  };
  if (key in moves) {
    move(grid, page, moves[key][0], moves[key][1], event.shiftKey);
    return true;
  }
  switch (key) {
    case ' ':
      if (row < 0) {
        sortAt(grid, page, event.shiftKey);
      } else if (row < rows) {
        void page.toggle(row);
      }
      return true;
    case 'Enter':
      if (row < 0) {
        sortAt(grid, page, event.shiftKey);
      } else if (!table.toggleGroup(row)) {
        actions.open(row, column);
      }
      return true;
    case 'F2':
      actions.edit(row, column);
      return true;
    case '/':
      page.focusSearch();
      return true;
    case 'Escape':
      if (!page.selection.size) {
        return false;
      }
      page.selection.clear();
      page.dismiss();
      return true;
    default:
      return false;
  }
}

function handleAccel(key: string, grid: RunGrid, page: TablePage, actions: IKeyActions): boolean {
  const { cursor, table } = page;
  switch (key) {
    case 'a':
      void page.selectAll();
      return true;
    case 'c':
      actions.copy();
      return true;
    case 'Home':
      move(grid, page, 0, cursor.column, false);
      return true;
    case 'End':
      move(grid, page, table.rowCount - 1, cursor.column, false);
      return true;
    default:
      return false;
  }
}

function move(grid: RunGrid, page: TablePage, row: number, column: number, isRange: boolean): void {
  const to = Math.max(-1, Math.min(row, page.table.rowCount - 1));
  const place = Math.max(0, Math.min(column, grid.columns.length - 1));
  grid.reveal(to, place);
  const isRows = isRange && to !== page.cursor.row && to >= 0;
  page.go(to, place, isRows);
  if (isRows) {
    void page.selectTo(to, false);
  }
}

/** Left closes a group, or goes to it from a run of it; right opens it. */
function foldGroup(key: string, grid: RunGrid, page: TablePage): boolean {
  const { cursor, table } = page;
  const isAtName = grid.columns[cursor.column]?.kind === 'group';
  if (!table.isGrouped || !isAtName || cursor.row < 0) {
    return false;
  }
  if (key === 'ArrowRight') {
    return table.toggleGroup(cursor.row, true);
  }
  if (key !== 'ArrowLeft') {
    return false;
  }
  if (table.at(cursor.row)?.kind === 'run') {
    move(grid, page, table.groupRowOf(cursor.row), cursor.column, false);
    return true;
  }
  return table.toggleGroup(cursor.row, false);
}

function sortAt(grid: RunGrid, page: TablePage, isAdded: boolean): void {
  const drawn = grid.columns[page.cursor.column];
  const { table } = page;
  if (drawn?.kind === 'value') {
    table.setSort(toggleSort(table.sort, drawn.column.column, isAdded));
  } else if (drawn?.kind === 'group') {
    table.setSort(toggleSort(table.sort, 'count', isAdded, true));
  }
}
