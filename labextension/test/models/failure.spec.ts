import { decodeDetail } from '../../src/client/numbers';
import { type IJob, type IRunDetail } from '../../src/client/types';
import {
  attemptOf,
  causeOf,
  errorOf,
  failedCell,
  hasFailed,
  lineOf
} from '../../src/models/failure';
import { sample } from '../support/samples';

const failed = decodeDetail(sample<IRunDetail>('run-detail-failed'));
const fine = decodeDetail(sample<IRunDetail>('run-detail'));
const found = sample<{ jobs: IJob[] }>('jobs').jobs.find(item => item.status === 'failed')!;
/** The failed job, as that of the failed run. */
const job: IJob = {
  ...found,
  attempts: [{ ...found.attempts[0], run_id: failed.run.id }]
};

describe('hasFailed', () => {
  it('holds for runs that ended badly and say why', () => {
    expect(hasFailed(failed)).toBe(true);
    expect(hasFailed({ ...fine, run: { ...fine.run, status: 'finished' } })).toBe(false);
    const lost = { ...fine.run, status: 'lost' as const, error: null, reason: null };
    expect(hasFailed({ ...fine, run: lost, cells: [] })).toBe(false);
    expect(hasFailed({ ...fine, run: { ...lost, reason: 'Gone.' }, cells: [] })).toBe(true);
  });
});

describe('failedCell', () => {
  const cell = (order: number, status: string, cell_id: string) => {
    return { ...failed.cells[0], order, status, cell_id } as IRunDetail['cells'][0];
  };

  it('is the cell that the error names', () => {
    const cells = [cell(1, 'error', 'c-train'), cell(2, 'ok', 'a'), cell(3, 'error', 'b')];
    expect(failedCell({ ...failed, cells })?.order).toBe(1);
  });

  it('is the last that went wrong where the error names none', () => {
    const run = { ...failed.run, error: null };
    const cells = [cell(1, 'error', 'a'), cell(2, 'timed_out', 'b'), cell(3, 'aborted', 'c')];
    expect(failedCell({ ...failed, run, cells })?.order).toBe(2);
    expect(failedCell({ ...failed, cells: [] })).toBeNull();
  });
});

describe('causeOf', () => {
  it('is what the job’s attempt tells, else what the status tells', () => {
    const attempt = attemptOf(job, failed.run.id);
    expect(attempt?.number).toBe(1);
    expect(causeOf(failed, attempt)).toBe('failed');
    expect(causeOf(failed, { ...attempt!, outcome: 'memory' })).toBe('memory');
    expect(causeOf(failed, { ...attempt!, outcome: 'finished' })).toBeNull();
    const timedOut = { ...failed, run: { ...failed.run, status: 'timed_out' as const } };
    expect(causeOf(timedOut, null)).toBe('timed_out');
    expect(causeOf({ ...failed, run: { ...failed.run, status: 'running' } }, null)).toBeNull();
    expect(attemptOf(job, 'another')).toBeNull();
  });
});

describe('errorOf', () => {
  it('is that of the run, else of its attempt, else of the cell', () => {
    const attempt = attemptOf(job, failed.run.id)!;
    const silent = { ...failed, run: { ...failed.run, error: null } };
    expect(errorOf(failed, null)).toBe(failed.run.error);
    expect(errorOf(silent, attempt)).toBe(attempt.error);
    expect(errorOf(silent, null)).toMatchObject({
      ename: 'ValueError',
      evalue: 'Input X contains NaN.',
      cell: null,
      cell_id: 'c-train'
    });
    expect(errorOf({ ...silent, cells: [] }, null)).toBeNull();
  });
});

describe('lineOf', () => {
  const error = (...traceback: string[]) => ({ ...failed.run.error!, traceback });

  it('reads the line from a coloured traceback', () => {
    expect(lineOf(failed.run.error!, 7)).toBe(3);
  });

  it('takes the innermost line of the cell itself', () => {
    const text = error('Cell In[4], line 9', 'Cell In[2], line 5, in f()', 'File x.py:3, in g');
    expect(lineOf(text, 4)).toBe(9);
    expect(lineOf(text, null)).toBe(5);
    expect(lineOf(text, 8)).toBeNull();
    expect(lineOf(error(), 4)).toBeNull();
  });
});
