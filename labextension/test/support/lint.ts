import { type IDiagnostic, type ILintReport } from '../../src/client/lint';
import { sample } from './samples';

/** What the server says of a notebook with problems of all severities. */
export const REPORT = sample<ILintReport>('lint');

/** A problem of a cell like that in the sample, but for a change. */
export function diagnostic(change: Partial<IDiagnostic> = {}): IDiagnostic {
  return { ...REPORT.diagnostics.find(item => item.code === 'TB101')!, ...change };
}

/** The report of these problems. */
export function reportOf(diagnostics: IDiagnostic[], unseen: string[] = []): ILintReport {
  const counts = { error: 0, warning: 0, info: 0 };
  diagnostics.forEach(item => (counts[item.severity] += 1));
  return { diagnostics, counts, unseen };
}
