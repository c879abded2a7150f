import type { IDisposable } from '@lumino/disposable';

import type { IClient } from '../client/tokens';
import type { JsonValue } from '../client/types';
import { BoardModel } from './board';
import { BoardColumns } from './boardColumns';
import { BoardSource } from './boardSource';
import { BoardViews, type ICurrentBoard } from './boardViews';
import type { IChanges } from './changes';
import type { RunQueryModel } from './runQuery';
import type { SelectionModel } from './selection';

/** Keeps a board that nobody saved as a view, from one visit of the page to the next. */
export interface IBoardMemory {
  read(): string | null;
  write(text: string): void;
}

interface IKept {
  board: JsonValue;
  current: ICurrentBoard | null;
}

/** All that a page with a board keeps for it: its charts, the runs that these are over, the columns that there are. */
export class BoardState implements IDisposable {
  constructor(options: BoardState.IOptions) {
    this._memory = options.memory ?? browserMemory(options.project);
    const { runTable } = options.client;
    this.source = new BoardSource(options);
    this.columns = new BoardColumns({ ...options, client: runTable });
    this.views = new BoardViews({ client: runTable, project: options.project, board: this.board });
    this._recall();
    this.views.changed.connect(this._remember, this);
  }

  readonly board = new BoardModel();
  readonly source: BoardSource;
  readonly columns: BoardColumns;
  readonly views: BoardViews;

  get isDisposed(): boolean {
    return this.board.isDisposed;
  }

  dispose(): void {
    if (!this.isDisposed) {
      this.source.dispose();
      this.columns.dispose();
      this.views.dispose();
      this.board.dispose();
    }
  }

  private _recall(): void {
    try {
      const kept = JSON.parse(this._memory.read() ?? 'null') as IKept | null;
      if (kept) {
        this.board.load(kept.board);
        this.views.resume(kept.current);
      }
    } catch {
      // What can't be read is as good as nothing.
    }
  }

  private _remember(): void {
    const kept: IKept = { board: this.board.toJSON(), current: this.views.current };
    this._memory.write(JSON.stringify(kept));
  }

  private readonly _memory: IBoardMemory;
}

export namespace BoardState {
  export interface IOptions {
    client: Pick<IClient, 'runTable'>;
    changes: IChanges;
    project: string;
    query: RunQueryModel;
    selection: SelectionModel;
    memory?: IBoardMemory;
  }
}

function browserMemory(project: string): IBoardMemory {
  const key = `trackbook:board:${project}`;
  return {
    read: () => {
      try {
        return window.localStorage.getItem(key);
      } catch {
        return null; // the browser keeps nothing for this page
      }
    },
    write: text => {
      try {
        window.localStorage.setItem(key, text);
      } catch {
        // Full, or forbidden: the board lasts as long as the page.
      }
    }
  };
}
