import { Observable } from './observable';

/** Which runs are selected, in the order in which they were; one for all views of a project. */
export class SelectionModel extends Observable {
  get ids(): readonly string[] {
    return this._ids;
  }

  get size(): number {
    return this._ids.length;
  }

  has(id: string): boolean {
    return this._ids.includes(id);
  }

  /** Select a run that isn't, or the reverse. */
  toggle(id: string): void {
    this.set(this.has(id) ? this._ids.filter(other => other !== id) : [...this._ids, id]);
  }

  /** Add runs to those that are selected. */
  add(ids: readonly string[]): void {
    this.set([...this._ids, ...ids]);
  }

  /** Take runs out. */
  remove(ids: readonly string[]): void {
    this.set(this._ids.filter(id => !ids.includes(id)));
  }

  /** Select these runs and no others. */
  set(ids: readonly string[]): void {
    const unique = [...new Set(ids)];
    if (unique.length !== this._ids.length || unique.some((id, i) => id !== this._ids[i])) {
      this._ids = unique;
      this.emitChanged();
    }
  }

  clear(): void {
    this.set([]);
  }

  private _ids: readonly string[] = [];
}
