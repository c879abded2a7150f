/** What there is to know about how a run's cells were executed, under the names of `python/trackbook/domain`. */

export type FindingCode = 'out_of_order' | 'edited' | 'deleted_but_used' | 'repeated' | 'never_run';

/** Something to look at in a cell; `names` are those that it is about. */
export interface IFinding {
  code: FindingCode;
  message: string;
  names: string[];
}

/** The findings of a cell; `order` is the execution that they are about, null for a cell that never ran. */
export interface ICellFindings {
  cell_id: string | null;
  order: number | null;
  findings: IFinding[];
}

/**
 * Whether the cells ran from top to bottom and still are what ran, and which of them did not. `document` says what they
 * were held against: the notebook at the run's end, the saved file, or nothing.
 */
export interface IVerdict {
  clean: boolean;
  document?: 'end' | 'file' | null;
  cells: ICellFindings[];
}
