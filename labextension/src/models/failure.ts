import type {
  ICellExecution,
  IJob,
  IJobAttempt,
  IRunDetail,
  IRunError,
  RunStatus
} from '../client/types';

/** What kind of end it was: that of a job where there is one, else what the run's status says. */
export type EndCause = IJobAttempt['outcome'] | 'killed' | 'aborted';

/** States of a run that did not come to its own end. */
const BAD_ENDS: ReadonlySet<RunStatus> = new Set<RunStatus>([
  'failed',
  'killed',
  'timed_out',
  'lost'
]);

/** Tell whether a run ended as nobody wished, so that its page begins with what happened. */
export function hasFailed({ run, cells }: IRunDetail): boolean {
  const isTold = run.error !== null || run.reason !== null || run.source.job_id !== null;
  return BAD_ENDS.has(run.status) && (isTold || cells.some(isBad));
}

/** The execution at which the run failed: that of the cell that the error names, else the last that went wrong. */
export function failedCell(detail: IRunDetail): ICellExecution | null {
  const { error } = detail.run;
  const bad = detail.cells.filter(isBad);
  const named = bad.filter(cell => error !== null && cell.cell_id === error.cell_id);
  return named.pop() ?? bad.pop() ?? null;
}

/** The attempt at a job that made a run; null while it is the present one. */
export function attemptOf(job: IJob | null, run: string): IJobAttempt | null {
  return job?.attempts.find(attempt => attempt.run_id === run) ?? null;
}

/** The error that ended a run: its own, that of its attempt, else that of the cell at which it failed. */
export function errorOf(detail: IRunDetail, attempt: IJobAttempt | null): IRunError | null {
  const told = detail.run.error ?? attempt?.error ?? null;
  const cell = failedCell(detail);
  if (told || !cell?.error) {
    return told;
  }
  return { ...cell.error, cell: null, cell_id: cell.cell_id };
}

/** What kind of end a run had; null while it goes on, and for one that finished. */
export function causeOf(detail: IRunDetail, attempt: IJobAttempt | null): EndCause | null {
  if (attempt) {
    return attempt.outcome === 'finished' ? null : attempt.outcome;
  }
  const { status } = detail.run;
  switch (status) {
    case 'failed':
    case 'killed':
    case 'aborted':
    case 'timed_out':
    case 'lost':
      return status;
    default:
      return null;
  }
}

/** The line of a cell at which its error arose, from 1; null where the traceback doesn't tell. */
export function lineOf(error: IRunError, count: number | null): number | null {
  // eslint-disable-next-line no-control-regex -- colours in tracebacks are escape codes
  const text = error.traceback.join('\n').replace(/\u001b\[[0-9;]*m/g, '');
  const frames = [...text.matchAll(/(?:Cell |File )?In\s?\[(\d+)\], line (\d+)/g)];
  const own = frames.filter(frame => count === null || Number(frame[1]) === count);
  const last = own.pop();
  return last ? Number(last[2]) : null;
}

function isBad({ status }: ICellExecution): boolean {
  return status === 'error' || status === 'timed_out' || status === 'memory' || status === 'died';
}
