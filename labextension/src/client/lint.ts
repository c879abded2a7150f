/** What there is to mend in a notebook, under the names of `python/trackbook/domain/lint.py`. */

export type Severity = 'error' | 'warning' | 'info';

/** The severities, the gravest first. */
export const SEVERITIES: readonly Severity[] = ['error', 'warning', 'info'];

/**
 * Something to mend. `cell` counts the notebook's cells from 1, 0 is the notebook as a whole; lines and columns count
 * from 1. `help` says what to do.
 */
export interface IDiagnostic {
  code: string;
  rule: string;
  severity: Severity;
  message: string;
  cell: number;
  cell_id: string | null;
  line: number;
  column: number;
  end_line: number;
  end_column: number;
  names: string[];
  fixable: boolean;
  help: string;
}

/** The problems of a notebook; `unseen` says what could not be looked into. */
export interface ILintReport {
  diagnostics: IDiagnostic[];
  counts: Record<Severity, number>;
  unseen: string[];
}
