import { Observable } from './observable';

/** What is being edited in place. */
export type EditedField = 'name' | 'tags' | 'notes';

/** What a list of runs shows beside the runs: the active row, what is unfolded, what is edited. */
export class ListState extends Observable {
  /** The row that the keyboard moves. */
  get active(): string | null {
    return this._active;
  }

  /** The project of the active row, where that may be another than the current one. */
  get activeProject(): string | null {
    return this._activeProject;
  }

  setActive(id: string | null, project: string | null = null): void {
    this._activeProject = project;
    if (id !== this._active) {
      this._active = id;
      this.emitChanged();
    }
  }

  /** Where a range of rows begins. */
  get anchor(): string | null {
    return this._anchor;
  }

  setAnchor(id: string | null): void {
    this._anchor = id;
  }

  /** What is being edited, and of which run. */
  get editing(): { id: string; field: EditedField } | null {
    return this._editing;
  }

  isExpanded(id: string): boolean {
    return this._expanded.has(id);
  }

  /** Unfold a run or fold it up; without `on`, the reverse of what it is. */
  expand(id: string, on = !this._expanded.has(id)): void {
    if (on !== this._expanded.has(id)) {
      if (on) {
        this._expanded.add(id);
      } else {
        this._expanded.delete(id);
        this._heights.delete(id);
      }
      this.emitChanged();
    }
  }

  /** How much higher than a row the unfolded run is, in pixels; 0 when it is folded up. */
  extraHeight(id: string): number {
    return this._expanded.has(id) ? (this._heights.get(id) ?? 120) : 0;
  }

  get expanded(): ReadonlySet<string> {
    return this._expanded;
  }

  /** Tell how high an unfolded run's details came out. */
  measure(id: string, height: number): void {
    if (this._expanded.has(id) && Math.abs((this._heights.get(id) ?? -1) - height) > 0.5) {
      this._heights.set(id, height);
      this.emitChanged();
    }
  }

  /** Edit a field in place. Tags and notes are in the details, which unfold. */
  edit(id: string, field: EditedField): void {
    this._editing = { id, field };
    this._active = id;
    this._activeProject = null;
    if (field !== 'name') {
      this._expanded.add(id);
    }
    this.emitChanged();
  }

  /** Leave a field; another one that is edited by now, since this one was slow to be saved, stays open. */
  endEdit(id: string, field: EditedField): void {
    if (this._editing?.id === id && this._editing.field === field) {
      this._editing = null;
      this.emitChanged();
    }
  }

  /** Ask the view to put the cursor into the search box. */
  focusSearch(): void {
    this._searchRequests += 1;
    this.emitChanged();
  }

  /** How often somebody asked for the search box. */
  get searchRequests(): number {
    return this._searchRequests;
  }

  private _searchRequests = 0;
  private _anchor: string | null = null;
  private _active: string | null = null;
  private _activeProject: string | null = null;
  private _editing: { id: string; field: EditedField } | null = null;
  private readonly _expanded = new Set<string>();
  private readonly _heights = new Map<string, number>();
}
