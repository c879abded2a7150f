import type * as nbformat from '@jupyterlab/nbformat';
import type { ISignal } from '@lumino/signaling';

/** What of a shared cell it takes to freeze it. */
export interface IFreezableCell {
  readonly changed: ISignal<unknown, unknown>;
  toJSON(): nbformat.IBaseCell;
}

/** What of a shared notebook it takes to freeze it; JupyterLab's shared model is one. */
export interface IFreezableNotebook {
  readonly cells: readonly IFreezableCell[];
  readonly metadata: nbformat.INotebookMetadata;
  readonly nbformat: number;
  readonly nbformat_minor: number;
}

/** A notebook as it was at a moment. */
export type FrozenNotebook = nbformat.INotebookContent;

/**
 * Freezes a notebook again and again at little cost: a cell that has not changed is not read again, and notebooks
 * without a change between them are one object.
 */
export class Freezer {
  constructor(private readonly _notebook: IFreezableNotebook) {}

  /** The notebook as it is now. The result is shared: nobody may change it. */
  freeze(): FrozenNotebook {
    const { nbformat, nbformat_minor } = this._notebook;
    const cells = this._notebook.cells.map(cell => this._freezeCell(cell));
    const metadata = this._notebook.metadata;
    const last = this._last;
    if (last && isSame(last, cells, metadata)) {
      return last;
    }
    this._last = { cells, metadata, nbformat, nbformat_minor };
    return this._last;
  }

  private _freezeCell(cell: IFreezableCell): nbformat.ICell {
    const known = this._cells.get(cell);
    if (known) {
      return known;
    }
    if (!this._watched.has(cell)) {
      this._watched.add(cell);
      cell.changed.connect(this._onCell, this);
    }
    const frozen = this._read(cell);
    this._cells.set(cell, frozen);
    return frozen;
  }

  private _read(cell: IFreezableCell): nbformat.ICell {
    const { id, metadata, ...rest } = cell.toJSON() as nbformat.IBaseCell & { id?: string };
    // Trust is a mark of this browser, which no file holds; formats before 4.5 have no ids.
    const kept = { ...metadata };
    delete kept.trusted;
    const hasId = this._notebook.nbformat_minor >= 5 && id !== undefined;
    return { ...(hasId && { id }), ...rest, metadata: kept };
  }

  private _onCell(cell: unknown): void {
    this._cells.delete(cell as IFreezableCell);
  }

  private readonly _cells = new WeakMap<IFreezableCell, nbformat.ICell>();
  private readonly _watched = new WeakSet<IFreezableCell>();
  private _last: FrozenNotebook | null = null;
}

function isSame(
  last: FrozenNotebook,
  cells: readonly nbformat.ICell[],
  metadata: nbformat.INotebookMetadata
): boolean {
  return (
    last.cells.length === cells.length &&
    cells.every((cell, place) => cell === last.cells[place]) &&
    JSON.stringify(last.metadata) === JSON.stringify(metadata)
  );
}
