import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { TablePage } from '../../models/table/tablePage';
import { useModel, useNow, useView } from '../view';
import type { CellContents } from './cellContent';
import type { DrawnColumn } from './gridColumns';
import type { RunGrid } from './runGrid';

/** How long the grid stands still, in ms, before the rows in sight are told to readers. */
const CALM = 120;
/** How often readers are told at most, in ms, of what runs log while the grid stands still. */
const LIVE = 2500;

/**
 * The grid once more, as elements that can't be seen: what readers read, and what has the keyboard.
 *
 * Each cell lies where the canvas draws it, so that a reader's frame and a magnifier find it.
 */
export function GridMirror(props: {
  grid: RunGrid;
  page: TablePage;
  contents: CellContents;
  label: string;
}): JSX.Element {
  const { grid, page, contents } = props;
  const { trans } = useView();
  const { table, cursor, selection } = page;
  useModel(cursor, selection);
  useCalm(grid, page);
  const id = React.useId();
  const { first, last } = grid.shown;
  const now = useNow(20);
  const { columns } = grid;
  const rows: JSX.Element[] = [];
  const seen = table.rowCount ? range(first, last) : [];
  // The row of the cursor is there in any case: readers are told of it by reference.
  if (cursor.row >= 0 && cursor.row < table.rowCount && !seen.includes(cursor.row)) {
    seen.push(cursor.row);
  }
  for (const row of seen) {
    const entry = table.at(row);
    const run = entry?.kind === 'run' ? entry.row.id : null;
    const isSelected = page.picks.has(entry);
    rows.push(
      <div
        key={row}
        role="row"
        aria-rowindex={row + 2}
        aria-selected={entry ? isSelected : undefined}
        aria-level={table.isGrouped ? (entry?.kind === 'run' ? 2 : 1) : undefined}
        aria-expanded={entry?.kind === 'group' ? entry.isOpen : undefined}
        data-run={run ?? undefined}
      >
        {columns.map((drawn, place) => (
          <span
            key={keyOf(drawn)}
            id={`${id}-${row}-${place}`}
            role="gridcell"
            aria-colindex={place + 1}
            style={styleOf(grid, row, place)}
          >
            {drawn.kind === 'select'
              ? isSelected
                ? trans.__('selected')
                : ''
              : (contents.of(entry, drawn, now).text ?? trans.__('loading'))}
          </span>
        ))}
      </div>
    );
  }
  return (
    <div
      className="trackbook-Grid-mirror"
      role={table.isGrouped ? 'treegrid' : 'grid'}
      tabIndex={0}
      aria-label={props.label}
      aria-rowcount={table.rowCount + 1}
      aria-colcount={columns.length}
      aria-multiselectable="true"
      aria-busy={!table.isReady}
      aria-activedescendant={`${id}-${cursor.row}-${cursor.column}`}
    >
      <div role="row" aria-rowindex={1}>
        {columns.map((drawn, place) => (
          <span
            key={keyOf(drawn)}
            id={`${id}--1-${place}`}
            role="columnheader"
            aria-colindex={place + 1}
            aria-sort={sortOf(page, drawn)}
            style={styleOf(grid, -1, place)}
          >
            {headOf(page, drawn, trans)}
          </span>
        ))}
      </div>
      {rows}
    </div>
  );
}

/** Render again when the table has stood still for a moment: while it scrolls, nobody could follow anyway. */
function useCalm(grid: RunGrid, page: TablePage): void {
  const [, setRound] = React.useState(0);
  React.useEffect(() => {
    let timer: number | undefined;
    let [told, toldAt] = ['', -Infinity];
    const later = () => {
      const place = placeOf(grid, page);
      const isLive = page.table.hasRunning && place === told;
      const wait = isLive ? Math.max(CALM, toldAt + LIVE - performance.now()) : CALM;
      window.clearTimeout(timer);
      timer = window.setTimeout(() => {
        told = place;
        toldAt = performance.now();
        setRound(round => round + 1);
      }, wait);
    };
    grid.painted.connect(later);
    page.table.changed.connect(later);
    return () => {
      window.clearTimeout(timer);
      grid.painted.disconnect(later);
      page.table.changed.disconnect(later);
    };
  }, [grid, page]);
}

/** What stands where in the grid, but for what the cells say. */
function placeOf(grid: RunGrid, { table }: TablePage): string {
  const { first, last } = grid.shown;
  const ids = Array.from({ length: last - first + 1 }, (_, place) => {
    const entry = table.at(first + place);
    return entry?.kind === 'run' ? entry.row.id : (entry?.kind ?? '');
  });
  const widths = grid.columns.map(drawn => drawn.width);
  return JSON.stringify([grid.scrollX, grid.scrollY, table.isReady, table.asked, widths, ids]);
}

function keyOf(drawn: DrawnColumn): string {
  return 'column' in drawn ? drawn.column.column : drawn.kind;
}

function headOf({ table }: TablePage, drawn: DrawnColumn, trans: TranslationBundle): string {
  if (drawn.kind === 'select') {
    return trans.__('Selected');
  }
  return drawn.kind === 'group'
    ? trans.__('Groups: %1', table.groupBy.join(', '))
    : drawn.column.column;
}

function sortOf({ table }: TablePage, drawn: DrawnColumn): 'ascending' | 'descending' | undefined {
  const column = 'column' in drawn ? drawn.column.column : drawn.kind === 'group' ? 'count' : '';
  const key = table.sort.find(other => other.column === column);
  return key && (key.isReverse ? 'descending' : 'ascending');
}

function styleOf(grid: RunGrid, row: number, place: number): React.CSSProperties {
  const { x, y, width, height } = grid.boxOf(row, place);
  return { left: x, top: y, width, height };
}

function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, place) => first + place);
}
