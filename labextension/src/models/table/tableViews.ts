import { type ApiError, toApiError } from '../../client/errors';
import type { ITableClient, IView } from '../../client/table';
import { Observable } from '../observable';
import type { TableModel } from './tableModel';
import { isSameSpec, type ITableSpec, specFromJson, specToJson } from './tableSpec';

/** The saved views of a project's table, and the one that is shown. */
export class TableViews extends Observable {
  constructor(
    private readonly _client: TableViews.Client,
    private readonly _table: TableModel,
    current: string | null = null
  ) {
    super();
    this._currentId = current;
    this._table.changed.connect(this._onTable, this);
    this._table.columns.changed.connect(this._onTable, this);
    void this.refresh();
  }

  /** The views of tables, by name. */
  get views(): readonly IView[] {
    return this._views;
  }

  /** The view that is shown, perhaps changed meanwhile. */
  get current(): IView | null {
    return this._views.find(view => view.id === this._currentId) ?? null;
  }

  get currentId(): string | null {
    return this._currentId;
  }

  /** Whether the table differs from the view that it began with. */
  get isChanged(): boolean {
    const { current } = this;
    return current !== null && !isSameSpec(this._table.spec, specFromJson(current.content));
  }

  /** Why the last request failed. */
  get error(): ApiError | null {
    return this._error;
  }

  async refresh(): Promise<void> {
    await this._try(async () => {
      const views = await this._client.views(this._table.project);
      this._views = views
        .filter(view => view.kind === 'table')
        .sort((one, other) => one.name.localeCompare(other.name));
    });
  }

  /** Show a view as it was saved; null: the table as it is, under no name. */
  open(id: string | null): void {
    this._currentId = id;
    const { current } = this;
    if (current) {
      this._table.apply(specFromJson(current.content));
    }
    this.emitChanged();
  }

  /** Save the table under the name of the present view. A view that somebody else changed meanwhile stays as it is. */
  async save(): Promise<boolean> {
    const { current } = this;
    return (
      current !== null &&
      this._change(current, { content: specToJson(this._table.spec) }, current.revision)
    );
  }

  /** Save the table over what somebody else made of the view. */
  async saveOver(): Promise<boolean> {
    await this.refresh();
    return this.save();
  }

  /** Save the table as a view of a name that no other has. */
  async saveAs(name: string, spec: ITableSpec = this._table.spec): Promise<boolean> {
    return this._try(async () => {
      const content = specToJson(spec);
      const view = await this._client.createView(this._table.project, {
        name,
        kind: 'table',
        content
      });
      this._currentId = view.id;
      await this.refresh();
    });
  }

  async rename(name: string): Promise<boolean> {
    const { current } = this;
    return current !== null && this._change(current, { name }, current.revision);
  }

  /** Delete the present view; returns it, so that it can be brought back. The table stays as it is. */
  async remove(): Promise<IView | null> {
    const { current } = this;
    if (!current) {
      return null;
    }
    const isGone = await this._try(async () => {
      await this._client.deleteView(this._table.project, current.id);
      this._currentId = null;
      await this.refresh();
    });
    return isGone ? current : null;
  }

  /** Bring back a view that was deleted. */
  async restore(view: IView): Promise<boolean> {
    return this.saveAs(view.name, specFromJson(view.content));
  }

  /** The user has read what went wrong. */
  forgetError(): void {
    this._error = null;
    this.emitChanged();
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._table.changed.disconnect(this._onTable, this);
      this._table.columns.changed.disconnect(this._onTable, this);
      super.dispose();
    }
  }

  private async _change(
    view: IView,
    change: { name?: string; content?: IView['content'] },
    revision: number
  ): Promise<boolean> {
    return this._try(async () => {
      await this._client.changeView(this._table.project, view.id, { ...change, revision });
      await this.refresh();
    });
  }

  private async _try(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      this._error = null;
    } catch (error) {
      this._error = toApiError(error);
    }
    this.emitChanged();
    return this._error === null;
  }

  private _onTable(): void {
    const { isChanged } = this;
    if (isChanged !== this._wasChanged) {
      this._wasChanged = isChanged;
      this.emitChanged();
    }
  }

  private _views: readonly IView[] = [];
  private _currentId: string | null;
  private _wasChanged = false;
  private _error: ApiError | null = null;
}

export namespace TableViews {
  export type Client = Pick<ITableClient, 'views' | 'createView' | 'changeView' | 'deleteView'>;
}
