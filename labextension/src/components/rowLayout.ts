/** The height of a row, as in JupyterLab's file browser. */
export const ROW_HEIGHT = 24;

/** An unfolded row: its place, and the height of what it shows below itself. */
export interface IUnfolded {
  index: number;
  extra: number;
}

/** Where rows of one height lie when some of them are unfolded. */
export class RowLayout {
  constructor(total: number, unfolded: readonly IUnfolded[]) {
    this._total = total;
    this._unfolded = unfolded
      .filter(row => row.index >= 0 && row.index < total && row.extra > 0)
      .sort((a, b) => a.index - b.index);
  }

  /** The height of all rows together. */
  get height(): number {
    return this._total * ROW_HEIGHT + this._unfolded.reduce((sum, row) => sum + row.extra, 0);
  }

  /** The upper edge of a row. */
  top(index: number): number {
    let top = index * ROW_HEIGHT;
    for (const row of this._unfolded) {
      if (row.index >= index) {
        break;
      }
      top += row.extra;
    }
    return top;
  }

  /** The row at a height. */
  at(y: number): number {
    let offset = 0;
    for (const row of this._unfolded) {
      const bottom = (row.index + 1) * ROW_HEIGHT + offset + row.extra;
      if (y < bottom) {
        const plain = Math.floor((y - offset) / ROW_HEIGHT);
        return Math.max(0, Math.min(plain, row.index));
      }
      offset += row.extra;
    }
    const index = Math.floor((y - offset) / ROW_HEIGHT);
    return Math.max(0, Math.min(index, this._total - 1));
  }

  private readonly _total: number;
  private readonly _unfolded: readonly IUnfolded[];
}
