/** Going on with a run that failed, under the names of `python/trackbook/domain`. */

/** A cell of the notebook: `number` counts its cells from 1, `source` is its first line. */
export interface ICellPlace {
  id: string;
  number: number;
  source: string;
}

/** What becomes of a cell, and why; `duration` is what it took the last time, in seconds. */
export interface IResumedCell extends ICellPlace {
  again: boolean;
  reason: string;
  duration: number | null;
}

/** The border before a cell: a copy of the process sleeps there until `expires`, or `reason` says why there is none. */
export interface ICellSnapshot {
  run_id: string;
  cell_id: string;
  number: number;
  taken: string;
  reason: string | null;
  memory: number | null;
  expires: string | null;
  pid: number | null;
}

/**
 * What going on with a run would do, with the notebook as it is saved: `cells` are those that run again, and those before
 * that are kept, in their order.
 * `reason` says why it can't go on, or why not from a snapshot.
 */
export interface IResumption {
  run_id: string;
  possible: boolean;
  from_cell: ICellPlace | null;
  how: 'snapshot' | 'repeat' | null;
  cells: IResumedCell[];
  reason: string | null;
  snapshots: ICellSnapshot[];
}

/**
 * A kernel of this server that stands, or soon will, before the cell at which a run failed, and its session. `cells` are
 * those that it runs before it is there.
 */
export interface IDebugKernel {
  kernel: { id: string; name: string };
  session: { id: string; path: string; name: string };
  how: 'snapshot' | 'repeat';
  place: ICellPlace;
  cells: ICellPlace[];
}
