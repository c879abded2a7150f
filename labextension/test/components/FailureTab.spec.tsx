import { act, fireEvent, screen, within } from '@testing-library/react';
import * as React from 'react';

import { decodeDetail } from '../../src/client/numbers';
import { type IJob, type IJobAttempt, type IRunDetail } from '../../src/client/types';
import { CommandIDs } from '../../src/commandIds';
import { FailureTab } from '../../src/components/FailureTab';
import { PROJECT, settle } from '../support/fakes';
import { runModel } from '../support/runClient';
import { sample } from '../support/samples';
import { show } from '../support/view';

const detail = decodeDetail(sample<IRunDetail>('run-detail-failed'));
const found = sample<{ jobs: IJob[] }>('jobs').jobs.find(item => item.status === 'failed')!;
/** The failed job, as that of the failed run. */
const failed: IJob = {
  ...found,
  attempts: [{ ...found.attempts[0], run_id: detail.run.id }]
};

/** The failed job, its attempt and its specification changed. */
function jobOf(
  change: Partial<IJob>,
  attempt: Partial<IJobAttempt> = {},
  spec: Partial<IJob['spec']> = {}
): IJob {
  const attempts = [{ ...failed.attempts[0], ...attempt }];
  return { ...failed, attempts, ...change, spec: { ...failed.spec, ...spec } };
}

async function showTab(job: IJob | null, given = detail, log?: string) {
  const model = await runModel(given, {
    ...(job && { job: () => Promise.resolve(job) }),
    cell: () =>
      Promise.resolve({ execution: given.cells[0], source: 'model.fit(X, y)', outputs: [] }),
    artifact: () => Promise.resolve({ text: () => Promise.resolve(log ?? '') } as unknown as Blob)
  });
  const onCell = jest.fn();
  const shown = show(<FailureTab model={model} detail={given} onCell={onCell} />);
  await act(settle);
  return { model, onCell, ...shown };
}

describe('FailureTab', () => {
  it('says what happened, shows the cell, and folds the traceback', async () => {
    await showTab(failed);
    const error = screen.getByRole('group', { name: 'Error' });
    expect(error.textContent).toContain('Cell 7 failed');
    expect(error.textContent).toContain('ValueError: Input X contains NaN.');
    const cell = screen.getByRole('region', { name: 'The cell that failed' });
    expect(cell.textContent).toContain('model.fit(X, y)');
    expect(cell.textContent).toMatch(/In \[7\] · 12\ss · 122\sMB of memory at most/);
    const fold = screen.getByText('Traceback').closest('details')!;
    expect(fold.open).toBe(false);
    expect(screen.getByText('2 code cells behind it were not run.')).toBeTruthy();
  });

  it('opens the notebook at the line that raised', async () => {
    const { executed } = await showTab(failed);
    fireEvent.click(screen.getByRole('button', { name: 'Open the notebook at this cell' }));
    const place = { source: 'train.ipynb', id: 'c-train', cell: 7, line: 3 };
    expect(executed).toEqual([[CommandIDs.goToCell, { project: PROJECT.id, ...place }]]);
  });

  it('runs the job again, and copies its command', async () => {
    const { executed } = await showTab(failed);
    fireEvent.click(screen.getByRole('button', { name: 'Run again' }));
    fireEvent.click(screen.getByRole('button', { name: 'Copy command' }));
    const args = { project: PROJECT.id, job: failed.id };
    expect(executed).toEqual([
      [CommandIDs.runAgain, args],
      [CommandIDs.copyJobCommand, args]
    ]);
    const link = screen.getByRole('link', { name: /^Download output.ipynb/ });
    expect(link.getAttribute('href')).toBe('url-of-output.ipynb');
  });

  it.each([
    ['timed_out', 'The time ran out in cell 7'],
    ['memory', 'The memory limit was passed in cell 7'],
    ['died', 'The kernel died in cell 7'],
    ['not_started', 'The kernel did not start'],
    ['lost', 'The run was lost']
  ] as const)('has honest words: %s', async (outcome, title) => {
    await showTab(jobOf({ cause: outcome }, { outcome }));
    expect(screen.getByRole('group', { name: 'Error' }).textContent).toContain(title);
  });

  it('says when a job is begun again', async () => {
    const soon = new Date(Date.now() + 30_000).toISOString();
    const waiting = jobOf({ status: 'queued', not_before: soon, attempt: 1 }, {}, { retries: 2 });
    const { executed } = await showTab(waiting);
    expect(screen.getByText(/^Attempt 2 of 3 begins in (29|30)\ss\.$/)).toBeTruthy();
    expect(screen.getByText('this run')).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Run again' })).toBeNull();
    expect(executed).toEqual([]);
  });

  it('lists the attempts, and leads to their runs', async () => {
    const first = { ...failed.attempts[0], run_id: 'first', outcome: 'died' as const };
    const job = jobOf({ attempts: [first, { ...failed.attempts[0], number: 2 }], attempt: 2 });
    const { executed } = await showTab(job);
    const row = screen.getByRole('row', { name: /kernel died/ });
    fireEvent.click(within(row).getByRole('button', { name: 'Open its run' }));
    expect(executed).toEqual([[CommandIDs.openRun, { project: PROJECT.id, run: 'first' }]]);
  });

  it('shows the limits', async () => {
    await showTab(jobOf({}, {}, { timeout: 600, cell_timeout: 10, memory: 2_000_000_000 }));
    const value = (name: string) =>
      screen.getByRole('rowheader', { name }).closest('tr')!.querySelector('td')!.textContent;
    expect(value('each cell')).toMatch(/^10\ss$/);
    expect(value('memory')).toMatch(/^2\.0\sGB$/);
  });

  it('shows the end of the log when the kernel died', async () => {
    const log = {
      ...detail.artifacts[0],
      path: 'log.txt',
      kind: 'log' as const,
      size: 900
    };
    const lines = Array.from({ length: 100 }, (_, place) => `line ${place + 1}`).join('\n');
    const given = { ...detail, artifacts: [...detail.artifacts, log] };
    await showTab(jobOf({ cause: 'died' }, { outcome: 'died' }), given, lines);
    const text = document.querySelector('.trackbook-Log')!.textContent;
    expect(text.startsWith('line 61\n')).toBe(true);
    expect(text.endsWith('line 100')).toBe(true);
    expect(screen.getByText(/The log below may say more/)).toBeTruthy();
  });

  it('does without a job', async () => {
    const run = { ...detail.run, source: { ...detail.run.source, job_id: null } };
    await showTab(null, { ...detail, run });
    expect(screen.getByRole('group', { name: 'Error' }).textContent).toContain('Cell 7 failed');
    expect(screen.queryByRole('button', { name: 'Run again' })).toBeNull();
    expect(screen.queryByText('Limits')).toBeNull();
  });
});
