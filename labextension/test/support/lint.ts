import { type IDiagnostic, type ILintReport } from '../../src/client/lint';

/** What the server says of a notebook with problems of all severities. */
export const REPORT: ILintReport = {
  diagnostics: [
    {
      code: 'TB101',
      rule: 'used-before-defined',
      severity: 'error',
      message: '`größe` is used here, but defined only in cell 5.',
      cell: 2,
      cell_id: 'c2',
      line: 3,
      column: 9,
      end_line: 3,
      end_column: 14,
      names: ['größe'],
      fixable: false,
      help: 'Move the cell that defines it above this one.'
    },
    {
      code: 'TB501',
      rule: 'hard-coded-secret',
      severity: 'error',
      message: 'This looks like a GitHub token.',
      cell: 4,
      cell_id: 'c4',
      line: 1,
      column: 9,
      end_line: 1,
      end_column: 49,
      names: [],
      fixable: false,
      help: 'Read it from the environment, and revoke this one: it is in the file.'
    },
    {
      code: 'TB301',
      rule: 'no-seed',
      severity: 'warning',
      message: 'Random numbers are drawn, and no seed is set.',
      cell: 0,
      cell_id: null,
      line: 1,
      column: 1,
      end_line: 1,
      end_column: 1,
      names: [],
      fixable: false,
      help: 'Set one at the top: %track seed 42.'
    },
    {
      code: 'F401',
      rule: 'unused-import',
      severity: 'info',
      message: '`os` imported but unused',
      cell: 1,
      cell_id: 'c1',
      line: 2,
      column: 8,
      end_line: 2,
      end_column: 10,
      names: ['os'],
      fixable: true,
      help: 'Remove the import.'
    }
  ],
  counts: {
    error: 2,
    warning: 1,
    info: 1
  },
  unseen: ["Cell 3: `from helpers import *` defines names that can't be seen."]
};

/** A problem like the first of these, but for a change. */
export function diagnostic(change: Partial<IDiagnostic> = {}): IDiagnostic {
  return { ...REPORT.diagnostics[0], ...change };
}

/** The report of these problems. */
export function reportOf(diagnostics: IDiagnostic[], unseen: string[] = []): ILintReport {
  const counts = { error: 0, warning: 0, info: 0 };
  diagnostics.forEach(item => (counts[item.severity] += 1));
  return { diagnostics, counts, unseen };
}
