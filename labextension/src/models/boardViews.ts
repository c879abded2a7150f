import { type ApiError, toApiError } from '../client/errors';
import type { ITableClient, IView } from '../client/table';
import type { BoardModel } from './board';
import { Observable } from './observable';

/** What is remembered of the board that was opened last. */
export interface ICurrentBoard {
  id: string;
  name: string;
  revision: number;
  /** The content as it was saved, as JSON. */
  saved: string;
}

/** The boards that a project has saved, shared by all who work on it, and which of them is being looked at. */
export class BoardViews extends Observable {
  constructor(options: BoardViews.IOptions) {
    super();
    this._client = options.client;
    this._project = options.project;
    this._board = options.board;
    this._board.changed.connect(this._onBoard, this);
  }

  /** The saved boards, by name; null until they are known. */
  get views(): readonly IView[] | null {
    return this._views;
  }

  /** The saved board that is shown; null for one that nobody has saved. */
  get current(): ICurrentBoard | null {
    return this._current;
  }

  /** Whether the board is another than what was saved. */
  get isChanged(): boolean {
    const content = this._content();
    return this._current ? content !== this._current.saved : this._board.charts.length > 0;
  }

  /** What went wrong with the last request. */
  get error(): ApiError | null {
    return this._error;
  }

  /** Whether somebody else has saved the board since it was opened. */
  get isConflict(): boolean {
    return this._error?.status === 409 && this._current !== null;
  }

  /** The board that was deleted last, until something else is done. */
  get deleted(): IView | null {
    return this._deleted;
  }

  /** Take up the board that was shown when the page was left. */
  resume(current: ICurrentBoard | null): void {
    this._current = current;
    this.emitChanged();
  }

  async refresh(): Promise<void> {
    await this._do(async () => {
      const views = await this._client.views(this._project);
      this._views = views
        .filter(({ kind }) => kind === 'board')
        .sort((a, b) => a.name.localeCompare(b.name));
    });
  }

  /** Show a saved board; null for an empty one that is not saved. */
  async open(id: string | null): Promise<void> {
    await this._do(async () => {
      if (id === null) {
        this._current = null;
        this._board.clear();
        return;
      }
      const view = await this._client.view(this._project, id);
      this._board.load(view.content);
      this._take(view);
    });
  }

  /** Save the board in the place that it came from. */
  async save(): Promise<void> {
    const current = this._current;
    if (current) {
      await this._do(async () => {
        const content = this._board.toJSON();
        const { id, revision } = current;
        this._take(await this._client.changeView(this._project, id, { revision, content }));
        await this.refresh();
      });
    }
  }

  /** Save the board over what somebody else has saved since. */
  async overwrite(): Promise<void> {
    const current = this._current;
    if (current) {
      await this._do(async () => {
        const { revision } = await this._client.view(this._project, current.id);
        const content = this._board.toJSON();
        this._take(await this._client.changeView(this._project, current.id, { revision, content }));
        await this.refresh();
      });
    }
  }

  /** Save the board under a name of its own. */
  async saveAs(name: string): Promise<boolean> {
    return this._do(async () => {
      const draft = { name: name.trim(), kind: 'board' as const, content: this._board.toJSON() };
      this._take(await this._client.createView(this._project, draft));
      await this.refresh();
    });
  }

  async rename(name: string): Promise<boolean> {
    const current = this._current;
    return this._do(async () => {
      if (current) {
        const { id, revision, saved } = current;
        const change = { revision, name: name.trim() };
        const view = await this._client.changeView(this._project, id, change);
        this._current = { id, name: view.name, revision: view.revision, saved };
        await this.refresh();
      }
    });
  }

  /** Delete the saved board; the charts stay, and the board can be saved again. */
  async remove(): Promise<void> {
    const current = this._current;
    if (current) {
      await this._do(async () => {
        this._deleted = await this._client.deleteView(this._project, current.id);
        this._current = null;
        await this.refresh();
      });
    }
  }

  /** Save the board that was deleted last once more, as it was. */
  async restore(): Promise<void> {
    const deleted = this._deleted;
    if (deleted) {
      await this._do(async () => {
        const { name, content } = deleted;
        this._take(await this._client.createView(this._project, { name, kind: 'board', content }));
        this._board.load(content);
        this._current = { ...this._current!, saved: this._content() };
        await this.refresh();
      });
    }
  }

  forgetError(): void {
    this._error = null;
    this.emitChanged();
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._board.changed.disconnect(this._onBoard, this);
      super.dispose();
    }
  }

  private async _do(work: () => Promise<void>): Promise<boolean> {
    const before = this._deleted;
    try {
      await work();
      this._error = null;
      // Whatever is done next, the deletion can no longer be taken back.
      this._deleted = this._deleted === before && before && this._current ? null : this._deleted;
      this.emitChanged();
      return true;
    } catch (error) {
      this._error = toApiError(error);
      this.emitChanged();
      return false;
    }
  }

  private _take({ id, name, revision }: IView): void {
    this._board.forget();
    this._current = { id, name, revision, saved: this._content() };
  }

  private _content(): string {
    return JSON.stringify(this._board.toJSON());
  }

  private _onBoard(): void {
    this.emitChanged();
  }

  private readonly _client: ITableClient;
  private readonly _project: string;
  private readonly _board: BoardModel;
  private _views: readonly IView[] | null = null;
  private _current: ICurrentBoard | null = null;
  private _deleted: IView | null = null;
  private _error: ApiError | null = null;
}

export namespace BoardViews {
  export interface IOptions {
    client: ITableClient;
    project: string;
    board: BoardModel;
  }
}
