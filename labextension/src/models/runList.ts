import { Debouncer } from '@lumino/polling';

import { type ApiError, isAbort, toApiError } from '../client/errors';
import type { IClient, IRunQuery } from '../client/tokens';
import type { IRun } from '../client/types';
import type { IChange, IChanges } from './changes';
import { Observable } from './observable';
import type { ProjectModel } from './project';
import { Rows } from './rows';
import { type Scope, scopeToText } from './scope';

/** How many runs one request brings, and how far beyond the window it reads ahead. */
const PAGE = 100;
const AHEAD = 30;

/** The runs of a scope that match a search, known by windows. */
export class RunListModel extends Observable {
  constructor(options: RunListModel.IOptions) {
    super();
    this._client = options.client;
    this._changes = options.changes;
    this._project = options.project;
    this._scope = options.scope ?? { kind: 'notebook' };
    this._search = options.search ?? '';
    this._searchDelay = new Debouncer(() => this._reload(), options.searchDelay ?? 250);
    this._changes.changed.connect(this._onChange, this);
    this._project.changed.connect(this._onProject, this);
    this._key = this._makeKey();
    void this._reload();
  }

  get project(): ProjectModel {
    return this._project;
  }

  get rows(): Rows {
    return this._rows;
  }

  /** Whether the first window has arrived (or can't, because there is no project). */
  get isReady(): boolean {
    return this._project.isReady && (this._isReady || !this._project.project);
  }

  /** Why the list can't be shown as asked; what was there before stays. */
  get error(): ApiError | null {
    return this._project.error ?? this._error;
  }

  /** Stands for the list as it was asked for: another project, scope or search, another text. */
  get place(): string {
    return `${this._key} ${this._applied}`;
  }

  get scope(): Scope {
    return this._scope;
  }

  setScope(scope: Scope): void {
    if (scopeToText(scope) !== scopeToText(this._scope)) {
      this._scope = scope;
      this._key = this._makeKey();
      this._rows.clear();
      void this._reload();
    }
  }

  get search(): string {
    return this._search;
  }

  setSearch(text: string): void {
    if (text !== this._search) {
      this._search = text;
      this.emitChanged();
      void this._searchDelay.invoke().catch(() => undefined);
    }
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._abort?.abort();
      this._searchDelay.dispose();
      this._changes.changed.disconnect(this._onChange, this);
      this._project.changed.disconnect(this._onProject, this);
      super.dispose();
    }
  }

  /** Say which rows can be seen; `follow` when rows that are new may push them down. */
  setWindow(first: number, last: number, follow: boolean): void {
    this._window = { first, last, follow };
    void this._pump();
  }

  /** Say whether the list can be seen: what changes while it can't is asked for when it can. */
  setShown(isShown: boolean): void {
    const isNew = isShown && !this._isShown;
    this._isShown = isShown;
    if (isNew && this._isStale) {
      void this._pump();
    }
  }

  /** Show the rows that were only announced. */
  showPending(): void {
    this._rows.showPending();
    this.emitChanged();
    void this._pump();
  }

  /** Ask for what can be seen again. */
  async refresh(): Promise<void> {
    if (this.error) {
      await this._project.refresh();
      return this._reload();
    }
    this._isStale = true;
    this._rows.forget(this._window.first, this._window.last, () => true);
    await this._pump();
  }

  /** Show a newer state of a run at once. */
  update(run: IRun): void {
    if (run.trashed !== (this._scope.kind === 'trash')) {
      void this.refresh();
    } else if (this._rows.update(run)) {
      this.emitChanged();
    }
  }

  private _query(): IRunQuery {
    const { scope } = this;
    return {
      query: this._applied,
      notebook: scope.kind === 'notebook' ? (this._project.notebook ?? undefined) : undefined,
      experiment: scope.kind === 'experiment' ? scope.name : undefined,
      trashed: scope.kind === 'trash'
    };
  }

  private _makeKey(): string {
    const { project, notebook } = this._project;
    const place = this._scope.kind === 'notebook' ? notebook : null;
    return JSON.stringify([project?.id ?? null, place, scopeToText(this._scope)]);
  }

  private _onProject(): void {
    const key = this._makeKey();
    if (key !== this._key) {
      this._key = key;
      this._rows.clear();
      void this._reload();
    } else {
      this.emitChanged();
    }
  }

  private _onChange(_: unknown, change: IChange): void {
    if (change.project !== this._project.project?.id || change.runs?.length === 0) {
      return;
    }
    const ids = change.runs && new Set(change.runs.map(run => run.id));
    const { first, last } = this._window;
    this._rows.forget(first, last, run => !ids || ids.has(run.id));
    this._isStale = true;
    if (this._isShown) {
      void this._pump();
    }
  }

  private async _reload(): Promise<void> {
    this._abort?.abort();
    this._abort = new AbortController();
    this._applied = this._search.trim();
    this._isStale = true;
    this._isReady = false;
    this._window = { ...this._window, first: 0, last: Math.min(this._window.last, PAGE) };
    this._isReset = true;
    this.emitChanged();
    await this._pump();
  }

  private _next(): { first: number; count: number } | null {
    const { first, last } = this._window;
    if (this._isStale) {
      const start = Math.max(0, first - 5);
      return { first: start, count: Math.min(Math.max(last - start + AHEAD, 40), 500) };
    }
    const missing = this._rows.firstUnknown(first - AHEAD, last + AHEAD);
    return missing < 0 ? null : { first: missing, count: PAGE };
  }

  /** Load window after window until all that can be seen is known; one request at a time. */
  private async _pump(): Promise<void> {
    while (!this.isDisposed && !this._running) {
      const project = this._project.project;
      const next = project && !(this._error && !this._isStale) ? this._next() : null;
      // A row that did not come when asked for is not asked for again until something changes.
      if (!project || !next || (!this._isStale && next.first === this._asked)) {
        return;
      }
      this._asked = this._isStale ? -1 : next.first;
      this._isStale = false;
      this._running = this._load(project.id, next.first, next.count);
      await this._running;
      this._running = null;
    }
    await this._running;
  }

  private async _load(project: string, first: number, count: number): Promise<void> {
    const abort = (this._abort ??= new AbortController());
    const offset = this._isReset ? 0 : this._rows.offset(first);
    try {
      const query = { ...this._query(), offset, limit: count };
      const page = await this._client.runs(project, query, abort.signal);
      if (abort.signal.aborted || this.isDisposed) {
        return;
      }
      if (this._isReset) {
        this._rows.clear();
        this._isReset = false;
      }
      this._changes.met(project, page.revision);
      this._rows.place(offset, page, this._window.follow);
      this._error = null;
    } catch (error) {
      if (isAbort(error) || abort.signal.aborted || this.isDisposed) {
        return;
      }
      this._error = toApiError(error);
    }
    this._isReady = true;
    this.emitChanged();
  }

  private readonly _client: Pick<IClient, 'runs'>;
  private readonly _changes: IChanges;
  private readonly _project: ProjectModel;
  private readonly _rows = new Rows();
  private readonly _searchDelay: Debouncer;
  private _scope: Scope;
  private _search: string;
  private _key: string;
  /** The search that the rows answer, while another is being typed. */
  private _applied = '';
  private _window = { first: 0, last: 40, follow: true };
  private _isShown = true;
  private _isStale = true;
  private _isReady = false;
  private _isReset = true;
  private _asked = -1;
  private _running: Promise<void> | null = null;
  private _error: ApiError | null = null;
  private _abort: AbortController | null = null;
}

export namespace RunListModel {
  export interface IOptions {
    client: Pick<IClient, 'runs'>;
    changes: IChanges;
    project: ProjectModel;
    scope?: Scope;
    search?: string;
    /** How long to wait for the next letter of a search, in ms. */
    searchDelay?: number;
  }
}
