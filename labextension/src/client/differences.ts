import type * as nbformat from '@jupyterlab/nbformat';
import type { IDiffEntry } from 'nbdime/lib/diff/diffentries';

import type { CellStatus, Goal } from './types';

/** What differs in a cell; "order" is that of execution, "moved" that of the document. */
export type CellChange =
  | 'added'
  | 'removed'
  | 'moved'
  | 'kind'
  | 'source'
  | 'outputs'
  | 'status'
  | 'order'
  | 'executions'
  | 'metadata';

/** Names a cell of a run: by its place in the snapshot, else its id, else its last execution's order. */
export interface ICellReference {
  index: number | null;
  cell_id: string | null;
  order: number | null;
}

/** A cell as one of two runs had it. */
export interface ISideCell extends ICellReference {
  kind: 'code' | 'markdown' | 'raw';
  /** What ran last; of a cell that never ran, what the snapshot holds. */
  source: string;
  status: CellStatus | null;
  executions: number;
  /** With how many different texts it ran. */
  sources: number;
  /** How many it has. */
  outputs: number;
  /** The snapshot has another text than what ran. */
  edited: boolean;
  /** It ran, and is not in the snapshot. */
  deleted: boolean;
  /** Its text is not in the store any more. */
  lost: boolean;
}

/** One cell of two runs; null on the side that lacks it. */
export interface ICellDifference {
  left: ISideCell | null;
  right: ISideCell | null;
  match: 'id' | 'source' | 'similar' | null;
  changes: CellChange[];
}

/** One of two runs: where its cells are known from. */
export interface INotebookSide {
  run_id: string;
  number: number;
  notebook: string | null;
  /** Of the snapshot; null where the cells are known from having run only. */
  moment: 'start' | 'end' | null;
  mimetype: string;
  language: string;
  cells: number;
  running: boolean;
  /** What could not be read, in a sentence. */
  problem: string | null;
}

/** The cells of two runs, in the order of the right one. */
export interface INotebookDifferences {
  left: INotebookSide;
  right: INotebookSide;
  cells: ICellDifference[];
  /** How many cells are the same in both. */
  equal: number;
}

/** Both sides of a cell with their outputs, and the way from one to the other as nbdime tells it. */
export interface ICellComparison {
  left: nbformat.ICell | null;
  right: nbformat.ICell | null;
  diff: IDiffEntry[];
  /** Long outputs are cut. */
  cut: boolean;
}

export interface ICommit {
  hash: string;
  author: string;
  at: string;
  subject: string;
}

/** What lies between the code of two runs. */
export interface ICodeDifferences {
  added: ICommit[];
  removed: ICommit[];
  more_added: number;
  more_removed: number;
  diff: string;
  cut: boolean;
  /** What was not committed is in the difference, too. */
  exact: boolean;
  reason: string | null;
}

export type CounterpartKind = 'best' | 'previous';

/** The run that a run is best compared with; without one, `message` says why, and what to do. */
export interface ICounterpart {
  kind: CounterpartKind;
  run_id: string | null;
  metric: string | null;
  goal: Goal | null;
  reason: 'no_goal' | 'no_other' | 'is_best' | 'no_notebook' | 'no_previous' | null;
  message: string;
}
