import type {
  CellChange,
  ICellComparison,
  ICellDifference,
  ICellReference,
  ICodeDifferences,
  INotebookDifferences,
  ISideCell
} from '../client/differences';
import { type ApiError, toApiError } from '../client/errors';
import type { IClient } from '../client/tokens';
import type { IChange, IChanges } from './changes';
import { FollowingModel, concerns } from './following';

/** What shows in a cell when it is opened; the rest is said in its head. */
const CONTENT: readonly CellChange[] = [
  'added',
  'removed',
  'kind',
  'source',
  'outputs',
  'metadata'
];

/** How the notebooks of two runs differ: what was asked for, which cells are open, and which one the user is at. */
export class NotebookDifferencesModel extends FollowingModel {
  constructor(options: NotebookDifferencesModel.IOptions) {
    super(options.changes, options.project, options.limit ?? 2000);
    this._client = options.client;
  }

  /** The two runs: what the second is compared with, and the second; null until some are. */
  get runs(): readonly [string, string] | null {
    return this._runs;
  }

  get differences(): INotebookDifferences | null {
    return this._differences;
  }

  get error(): ApiError | null {
    return this._error;
  }

  /** Whether cells that are the same in both are listed, too. */
  get all(): boolean {
    return this._all;
  }

  /** The cell that the user went to; -1 before. */
  get current(): number {
    return this._current;
  }

  /** Compare these two runs. */
  show(left: string, right: string): void {
    const [a, b] = this._runs ?? [];
    if (a !== left || b !== right) {
      this._runs = [left, right];
      this._differences = null;
      this._forget();
      this.emitChanged();
      void this.refresh();
    }
  }

  /** List the cells that are the same in both, or leave them out. */
  showAll(all: boolean): void {
    if (all !== this._all) {
      this._all = all;
      this.emitChanged();
      if (this._runs) {
        void this.refresh();
      }
    }
  }

  /** Whether a cell's content is shown: at first where something in it differs. */
  isOpen(cell: ICellDifference): boolean {
    return this._toggled.has(keyOf(cell)) !== hasContentChange(cell);
  }

  toggle(cell: ICellDifference): void {
    const key = keyOf(cell);
    if (!this._toggled.delete(key)) {
      this._toggled.add(key);
    }
    this.emitChanged();
  }

  /** Go to the next cell that differs, or with -1 to the one before; past the last comes the first. */
  step(direction: 1 | -1): void {
    const cells = this._differences?.cells ?? [];
    const places = cells.flatMap((cell, place) => (cell.changes.length ? [place] : []));
    if (places.length) {
      const next =
        direction > 0
          ? places.find(place => place > this._current)
          : [...places].reverse().find(place => place < this._current);
      this._current = next ?? places[direction > 0 ? 0 : places.length - 1];
      this.emitChanged();
    }
  }

  /** Both sides of a cell; asked for once for what it is now. */
  cell(cell: ICellDifference, all: boolean): Promise<ICellComparison> {
    const key = `${keyOf(cell)} ${JSON.stringify([cell.left, cell.right])} ${all}`;
    let found = this._cells.get(key);
    if (!found) {
      const runs = this._runs!;
      found = this._client.compareCell(
        this.project,
        runs,
        [named(cell.left), named(cell.right)],
        all
      );
      this._cells.set(key, found);
      // What failed may be asked for again.
      found.catch(() => this._cells.delete(key));
    }
    return found;
  }

  /** What lies between the code of two runs. */
  code(left: string, right: string): Promise<ICodeDifferences> {
    return this._client.compareCode(this.project, [left, right]);
  }

  protected override onChange(change: IChange): void {
    // Only what is still going on has other cells than before.
    const lives = this._differences?.left.running || this._differences?.right.running;
    if (this._runs && lives && concerns(change, this._runs)) {
      this.refreshSoon();
    }
  }

  override async refresh(): Promise<void> {
    const [runs, all] = [this._runs, this._all];
    if (!runs) {
      return;
    }
    try {
      const differences = await this._client.compareNotebooks(this.project, runs, all);
      if (this.isDisposed || runs !== this._runs || all !== this._all) {
        return;
      }
      this._differences = differences;
      this._error = null;
    } catch (error) {
      if (this.isDisposed || runs !== this._runs) {
        return;
      }
      this._error = toApiError(error);
    }
    this.emitChanged();
  }

  private _forget(): void {
    this._error = null;
    this._current = -1;
    this._cells.clear();
    this._toggled.clear();
  }

  private readonly _client: NotebookDifferencesModel.IOptions['client'];
  private readonly _cells = new Map<string, Promise<ICellComparison>>();
  private readonly _toggled = new Set<string>();
  private _runs: readonly [string, string] | null = null;
  private _differences: INotebookDifferences | null = null;
  private _error: ApiError | null = null;
  private _all = false;
  private _current = -1;
}

export namespace NotebookDifferencesModel {
  export interface IOptions {
    client: Pick<IClient, 'compareNotebooks' | 'compareCell' | 'compareCode'>;
    changes: IChanges;
    project: string;
    /** How often to ask at most while a run lives, in ms. */
    limit?: number;
  }
}

/** What a cell is known by in its list. */
export function keyOf(cell: ICellDifference): string {
  return [cell.left, cell.right]
    .map(side => (side ? (side.cell_id ?? `${side.index}:${side.order}`) : '–'))
    .join(' ');
}

function hasContentChange(cell: ICellDifference): boolean {
  return cell.changes.some(change => CONTENT.includes(change));
}

function named(side: ISideCell | null): ICellReference | null {
  return side && { index: side.index, cell_id: side.cell_id, order: side.order };
}
