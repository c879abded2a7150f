import { Observable } from '../observable';

/** Which cell the keyboard is at, and where a range of rows begins. */
export class TableCursor extends Observable {
  /** The row; -1 for the heads of the columns. */
  get row(): number {
    return this._row;
  }

  /** The place of the column among all that are drawn. */
  get column(): number {
    return this._column;
  }

  /** The run in that row, which is followed where it goes; null for a group or what isn't known. */
  get run(): string | null {
    return this._run;
  }

  get anchor(): number {
    return this._anchor;
  }

  /** Go to a cell; a range begins there unless one is being drawn. */
  go(row: number, column: number, run: string | null, isRange = false): void {
    if (!isRange) {
      this._anchor = row;
    }
    if (row !== this._row || column !== this._column || run !== this._run) {
      this._row = row;
      this._column = column;
      this._run = run;
      this.emitChanged();
    }
  }

  private _row = 0;
  private _column = 0;
  private _anchor = 0;
  private _run: string | null = null;
}
