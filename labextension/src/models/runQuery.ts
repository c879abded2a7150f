import type { IRunScope } from '../client/table';
import { Observable } from './observable';

export type { IRunScope };

/** What the run table shows and the charts draw, in one place for all of a page's parts. */
export class RunQueryModel extends Observable {
  constructor(scope: Partial<IRunScope> = {}) {
    super();
    this._scope = { query: '', notebook: null, experiment: null, trashed: false, ...scope };
  }

  get scope(): IRunScope {
    return this._scope;
  }

  /** What a chart adds to the search by brushing, as `metrics.acc >= 0.9`; it goes on top of the scope. */
  get brushed(): string {
    return this._brushed;
  }

  /** The scope with what was brushed. */
  get narrowed(): IRunScope {
    const parts = [this._scope.query.trim(), this._brushed].filter(Boolean);
    const query = parts.length < 2 ? parts.join('') : parts.map(part => `(${part})`).join(' and ');
    return { ...this._scope, query };
  }

  /** Change some of the scope; a brush that was drawn over other runs is taken back. */
  set(scope: Partial<IRunScope>): void {
    this._scope = { ...this._scope, ...scope };
    this._brushed = '';
    this.emitChanged();
  }

  /** Narrow what is shown to what was brushed in a chart; an empty text takes that back. */
  brush(condition: string): void {
    if (condition !== this._brushed) {
      this._brushed = condition;
      this.emitChanged();
    }
  }

  private _scope: IRunScope;
  private _brushed = '';
}
