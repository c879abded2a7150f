import { Observable } from './observable';

/** Which tab a page shows; null: the page chooses. */
export class PageState extends Observable {
  constructor(tab: string | null = null) {
    super();
    this._tab = tab;
  }

  get tab(): string | null {
    return this._tab;
  }

  /** The order of the execution that the page was asked to show; null when it was asked for none. */
  get cell(): number | null {
    return this._cell;
  }

  setTab(tab: string): void {
    if (tab !== this._tab || this._cell !== null) {
      this._tab = tab;
      this._cell = null;
      this.emitChanged();
    }
  }

  /** Show an execution among the cells. */
  showCell(order: number): void {
    this._tab = 'cells';
    this._cell = order;
    this.emitChanged();
  }

  private _cell: number | null = null;
  private _tab: string | null;
}
