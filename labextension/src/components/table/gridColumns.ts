import type { DataModel } from '@lumino/datagrid';

import { columnLabels, type IColumn, sparkKey } from '../../models/table/columns';
import type { TableModel } from '../../models/table/tableModel';

/** A column as it is drawn: the boxes that select, the groups' names, or one of the table's. */
export type DrawnColumn =
  | { readonly kind: 'select'; readonly width: number }
  | { readonly kind: 'group'; readonly width: number }
  | (ITableColumnDrawn & { readonly kind: 'value' })
  | (ITableColumnDrawn & { readonly kind: 'spark' });

interface ITableColumnDrawn {
  readonly width: number;
  readonly column: IColumn;
  readonly label: string;
}

const SELECT_WIDTH = 30;
const GROUP_WIDTH = 180;
/** As much of the grid's width as stays at the left at most: what scrolls needs room, too. */
const MOST_FIXED = 0.6;

/** The columns of the grid: those that stay at the left, and those that scroll. */
export class GridColumns {
  constructor(table: TableModel, room = Infinity) {
    const { columns } = table.columns;
    const labels = columnLabels(columns.map(item => item.column));
    const drawn = columns.map((column): DrawnColumn => ({
      kind: sparkKey(column.column) === null ? 'value' : 'spark',
      width: column.width,
      column,
      label: labels.get(column.column) ?? column.column
    }));
    this.all = [
      { kind: 'select', width: SELECT_WIDTH },
      ...(table.isGrouped ? [{ kind: 'group', width: GROUP_WIDTH } as const] : []),
      ...drawn
    ];
    const own = this.all.length - drawn.length;
    this.fixed = fittingOf(this.all, own, own + table.columns.pinned, room * MOST_FIXED);
  }

  readonly all: readonly DrawnColumn[];
  /** How many stay at the left. */
  readonly fixed: number;

  /** The place of a column of the grid among all of them. */
  placeOf(region: DataModel.CellRegion | 'void', index: number): number {
    const isFixed = region === 'row-header' || region === 'corner-header';
    return isFixed ? index : index + this.fixed;
  }

  /** The place of one of the table's columns among those of its model; -1 for the grid's own. */
  modelPlace(place: number): number {
    return place - (this.all.length - this.all.filter(item => 'column' in item).length);
  }

  /** Whether the same columns are drawn in the same widths. */
  equals(other: GridColumns): boolean {
    return (
      this.fixed === other.fixed &&
      this.all.length === other.all.length &&
      this.all.every((item, place) => isSame(item, other.all[place]))
    );
  }
}

/** How many columns stay at the left: the grid's own always, the pinned ones as far as there is room. */
function fittingOf(all: readonly DrawnColumn[], own: number, wanted: number, room: number): number {
  let taken = 0;
  const over = all.slice(0, wanted).findIndex(({ width }) => (taken += width) > room);
  return over < 0 ? wanted : Math.max(own, over);
}

function isSame(one: DrawnColumn, other: DrawnColumn): boolean {
  if (one.kind !== other.kind || one.width !== other.width) {
    return false;
  }
  return !('column' in one) || !('column' in other) || one.column === other.column;
}
