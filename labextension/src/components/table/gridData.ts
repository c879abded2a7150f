import { DataModel } from '@lumino/datagrid';

import type { TableModel } from '../../models/table/tableModel';
import { GridColumns } from './gridColumns';

/** Tells the grid how many rows and columns there are; what stands in them the painter looks up by itself. */
export class GridData extends DataModel {
  constructor(private readonly _table: TableModel) {
    super();
    this._rows = _table.rowCount;
    this._columns = new GridColumns(_table);
  }

  get columns(): GridColumns {
    return this._columns;
  }

  /** How wide the grid is, in pixels; it counts from the next update on. */
  room = Infinity;

  override rowCount(region: DataModel.RowRegion): number {
    return region === 'body' ? this._rows : 1;
  }

  override columnCount(region: DataModel.ColumnRegion): number {
    const { all, fixed } = this._columns;
    return region === 'row-header' ? fixed : all.length - fixed;
  }

  override data(): null {
    return null;
  }

  /** Take over what the table has become; says whether the columns are others than before. */
  update(): { isRecolumned: boolean } {
    const columns = new GridColumns(this._table, this.room);
    const isRecolumned = !columns.equals(this._columns);
    const rows = this._table.rowCount;
    const before = this._rows;
    this._rows = rows;
    this._columns = columns;
    if (isRecolumned) {
      this.emitChanged({ type: 'model-reset' });
    } else if (rows > before) {
      const change = { type: 'rows-inserted', region: 'body', index: before } as const;
      this.emitChanged({ ...change, span: rows - before });
    } else if (rows < before) {
      const change = { type: 'rows-removed', region: 'body', index: rows } as const;
      this.emitChanged({ ...change, span: before - rows });
    }
    return { isRecolumned };
  }

  private _rows: number;
  private _columns: GridColumns;
}
