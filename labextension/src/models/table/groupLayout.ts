/** An open group: its place among the groups, and how many runs it holds. */
export interface IOpenGroup {
  readonly index: number;
  readonly count: number;
}

/** What stands in a row: a group (`row` -1), or a run of one. */
export interface IGroupPlace {
  readonly group: number;
  readonly row: number;
}

/** Which row of a grouped table holds what: each group is a row, and an open one has its runs below it. */
export class GroupLayout {
  constructor(groups: number, open: readonly IOpenGroup[]) {
    this._open = open
      .filter(({ index }) => index >= 0 && index < groups)
      .sort((one, other) => one.index - other.index);
    this.total = groups + this._open.reduce((sum, { count }) => sum + count, 0);
  }

  /** How many rows there are. */
  readonly total: number;

  /** What stands at a row. */
  at(row: number): IGroupPlace {
    let above = 0;
    for (const { index, count } of this._open) {
      const head = index + above;
      if (row <= head) {
        break;
      }
      if (row <= head + count) {
        return { group: index, row: row - head - 1 };
      }
      above += count;
    }
    return { group: row - above, row: -1 };
  }

  /** The row of a group, or of a run in an open group. */
  rowOf(group: number, run = -1): number {
    const above = this._open
      .filter(({ index }) => index < group)
      .reduce((sum, { count }) => sum + count, 0);
    return group + above + run + 1;
  }

  private readonly _open: readonly IOpenGroup[];
}
