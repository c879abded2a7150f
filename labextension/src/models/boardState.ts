import type { IDisposable } from '@lumino/disposable';

import type { IClient } from '../client/tokens';
import type { JsonValue } from '../client/types';
import { BoardModel } from './board';
import { BoardColumns } from './boardColumns';
import { BoardSource } from './boardSource';
import type { IChanges } from './changes';
import type { RunQueryModel } from './runQuery';
import type { SelectionModel } from './selection';

/** Keeps a board that nobody saved as a view, from one visit of the page to the next. */
export interface IBoardMemory {
  read(): string | null;
  write(text: string): void;
}

/** All that a page with a board keeps for it: its charts, the runs that these are over, the columns that there are. */
export class BoardState implements IDisposable {
  constructor(options: BoardState.IOptions) {
    this._memory = options.memory ?? browserMemory(options.project);
    this.source = new BoardSource(options);
    this.columns = new BoardColumns(options);
    this._recall();
    this.board.changed.connect(this._remember, this);
  }

  readonly board = new BoardModel();
  readonly source: BoardSource;
  readonly columns: BoardColumns;

  get isDisposed(): boolean {
    return this.board.isDisposed;
  }

  dispose(): void {
    if (!this.isDisposed) {
      this.source.dispose();
      this.columns.dispose();
      this.board.dispose();
    }
  }

  private _recall(): void {
    try {
      this.board.load(JSON.parse(this._memory.read() ?? 'null') as JsonValue);
    } catch {
      // What can't be read is as good as nothing.
    }
  }

  private _remember(): void {
    this._memory.write(JSON.stringify(this.board.toJSON()));
  }

  private readonly _memory: IBoardMemory;
}

export namespace BoardState {
  export interface IOptions {
    client: Pick<IClient, 'columns'>;
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
