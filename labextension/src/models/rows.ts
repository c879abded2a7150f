import type { IRun, IRunPage } from '../client/types';

/** What the rows did with a page that arrived. */
export type Placement = 'same' | 'arrived' | 'announced' | 'replaced';

/**
 * The rows of a long list of which only windows are known.
 *
 * A row keeps its place while the list grows at its head: rows that are new there either push the others down
 * (when asked to follow) or are counted as `pending`, above the first row that is shown.
 */
export class Rows {
  /** How many rows are shown, known or not. */
  get total(): number {
    return this._total;
  }

  /** How many new rows wait above the first one. */
  get pending(): number {
    return this._pending;
  }

  /** The row at `index`, when it is known. */
  at(index: number): IRun | undefined {
    return this._rows.get(index);
  }

  /** The place of a run among the known rows; -1 when it isn't there. */
  indexOf(id: string): number {
    return this._places.get(id) ?? -1;
  }

  /** Forget all rows. */
  clear(): void {
    this._rows.clear();
    this._places.clear();
    this._total = 0;
    this._pending = 0;
  }

  /** Forget the rows outside of `first` … `last` that `isStale` says are out of date. */
  forget(first: number, last: number, isStale: (run: IRun) => boolean): void {
    for (const [index, run] of [...this._rows]) {
      if ((index < first || index > last) && isStale(run)) {
        this._rows.delete(index);
        this._places.delete(run.id);
      }
    }
  }

  /** Replace a known row by a newer state of the same run. */
  update(run: IRun): boolean {
    const index = this.indexOf(run.id);
    if (index >= 0) {
      this._rows.set(index, run);
    }
    return index >= 0;
  }

  /** Where the server has the row that is shown at `index`. */
  offset(index: number): number {
    return index + this._pending;
  }

  /** Show the new rows: from here on, the first row shown is the server's first. */
  showPending(): void {
    this._shift(this._pending);
    this._pending = 0;
  }

  /** The first unknown row of `first` … `last`; -1 when all are known. */
  firstUnknown(first: number, last: number): number {
    for (let index = Math.max(0, first); index <= Math.min(last, this._total - 1); index += 1) {
      if (!this._rows.has(index)) {
        return index;
      }
    }
    return -1;
  }

  /** Place a page that the server has at `offset`; with `follow`, new rows at the head are shown at once. */
  place(offset: number, page: IRunPage, follow: boolean): Placement {
    const growth = page.total - this._total - this._pending;
    if (!this._fits(offset, page, growth)) {
      this._rows.clear();
      this._places.clear();
      this._pending = 0;
      this._total = page.total;
      this._put(offset, page);
      return 'replaced';
    }
    if (growth > 0 && follow) {
      this._pending += growth;
      this.showPending();
    } else {
      this._pending += growth;
    }
    this._put(offset - this._pending, page);
    if (growth === 0) {
      return 'same';
    }
    return follow ? 'arrived' : 'announced';
  }

  private _fits(offset: number, page: IRunPage, growth: number): boolean {
    if (growth < 0 || (this._rows.size === 0 && this._total === 0)) {
      return false;
    }
    const shift = offset - this._pending - growth;
    return page.runs.every((run, place) => {
      const known = this._rows.get(shift + place);
      const index = this.indexOf(run.id);
      return (known === undefined || known.id === run.id) && (index < 0 || index === shift + place);
    });
  }

  private _put(first: number, page: IRunPage): void {
    page.runs.forEach((run, place) => {
      if (first + place >= 0) {
        this._rows.set(first + place, run);
        this._places.set(run.id, first + place);
      }
    });
  }

  private _shift(count: number): void {
    const moved = [...this._rows].map(([index, run]): [number, IRun] => [index + count, run]);
    this._rows = new Map(moved);
    this._places = new Map(moved.map(([index, run]) => [run.id, index]));
    this._total += count;
  }

  private _rows = new Map<number, IRun>();
  private _places = new Map<string, number>();
  private _total = 0;
  private _pending = 0;
}
