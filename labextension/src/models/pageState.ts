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

  setTab(tab: string): void {
    if (tab !== this._tab) {
      this._tab = tab;
      this.emitChanged();
    }
  }

  private _tab: string | null;
}
