import { act, fireEvent, screen, within } from '@testing-library/react';
import * as React from 'react';

import { type IResumption } from '../../src/client/resumption';
import { type IWorker } from '../../src/client/queue';
import { type IJob, type IRunDetail } from '../../src/client/types';
import { CommandIDs } from '../../src/commandIds';
import { JobsPage } from '../../src/components/JobsPage';
import { FixedProject } from '../../src/models/fixedProject';
import { PageState } from '../../src/models/pageState';
import { QueueModel } from '../../src/models/queue';
import { SweepsModel } from '../../src/models/sweeps';
import { FakeChanges, PROJECT, until } from '../support/fakes';
import { runClient } from '../support/runClient';
import { runId, sample } from '../support/samples';
import { show } from '../support/view';

const [SAMPLE] = sample<{ jobs: IJob[] }>('jobs').jobs;
const failed = sample<IRunDetail>('run-detail-failed');

beforeAll(() => {
  // jsdom lays nothing out.
  window.ResizeObserver = class {
    observe() {}
    unobserve() {}
    disconnect() {}
  };
  window.IntersectionObserver = class {
    observe() {}
    disconnect() {}
  } as never;
});

const job = (number: number, change: Partial<IJob> = {}): IJob => ({
  ...SAMPLE,
  id: runId(number),
  status: 'queued',
  attempts: [],
  started: null,
  ...change
});

const RESUMPTION: IResumption = {
  run_id: failed.run.id,
  possible: true,
  from_cell: { id: 'c', number: 4, source: 'fit(x)' },
  how: 'repeat',
  cells: [
    {
      id: 'a',
      number: 1,
      source: 'x = load()',
      again: true,
      reason: 'cell 4 reads x',
      duration: 2
    },
    { id: 'b', number: 2, source: 'big()', again: false, reason: '', duration: 60 },
    { id: 'c', number: 4, source: 'fit(x)', again: true, reason: '', duration: null }
  ],
  reason: null,
  snapshots: []
};

async function showPage(jobs: IJob[], workers: IWorker[] = []) {
  const counts: Record<string, number> = {};
  jobs.forEach(({ status }) => (counts[status] = (counts[status] ?? 0) + 1));
  const client = {
    ...runClient(failed, { resumption: () => Promise.resolve(RESUMPTION) }),
    jobPage: (_: string, { offset = 0, limit = 100 } = {}) =>
      Promise.resolve({ jobs: jobs.slice(offset, offset + limit), total: jobs.length, counts }),
    job: (_: string, id: string) => Promise.resolve(jobs.find(item => item.id === id)!),
    jobLog: (_: string, __: string, offset: number) =>
      Promise.resolve({ text: offset ? '' : 'said something', offset: 9, complete: true }),
    workers: () => Promise.resolve(workers),
    startWorker: () => Promise.resolve(workers),
    sweeps: () => Promise.resolve([])
  };
  const options = { client, changes: new FakeChanges(), standby: 'never' as const };
  const model = new QueueModel({ ...options, project: PROJECT.id });
  const sweeps = new SweepsModel({ ...options, project: new FixedProject(PROJECT.id) });
  await until(() => model.list.isReady && model.workers.workers !== null && sweeps.isReady);
  const shown = show(<JobsPage model={model} sweeps={sweeps} state={new PageState()} />);
  return { model, sweeps, ...shown };
}

describe('JobsPage', () => {
  it('draws of thousands of jobs only those that can be seen', async () => {
    const { model } = await showPage(Array.from({ length: 3000 }, (_, at) => job(3000 - at)));
    const grid = screen.getByRole('grid', { name: 'Jobs' });
    expect(grid.getAttribute('aria-rowcount')).toBe('3001');
    expect(within(grid).getAllByRole('row').length).toBeLessThan(60);
    model.dispose();
  });

  it('has a place and a reason for what waits, and says that nobody works', async () => {
    const { model } = await showPage([
      job(1, { position: 2, waiting: 'It needs 4 GB, and 1 GB is free.' })
    ]);
    expect(screen.getByText('place 2: It needs 4 GB, and 1 GB is free.')).toBeTruthy();
    expect(screen.getByText('No worker runs: 1 job waits')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Start a worker' }));
    await act(() => until(() => !model.workers.isStarting));
    model.dispose();
  });

  it('cancels and retries those that are selected, each where it can be', async () => {
    const { model, executed } = await showPage([
      job(3, { status: 'running' }),
      job(2, { status: 'failed' }),
      job(1, { status: 'finished' })
    ]);
    const grid = screen.getByRole('grid', { name: 'Jobs' });
    grid.focus();
    fireEvent.keyDown(grid, { key: 'Home' });
    fireEvent.keyDown(grid, { key: 'End', shiftKey: true });
    const bar = screen.getByRole('toolbar', { name: 'Selected jobs' });
    expect(bar.textContent).toContain('3 selected');
    fireEvent.click(within(bar).getByRole('button', { name: 'Cancel' }));
    fireEvent.click(within(bar).getByRole('button', { name: 'Retry' }));
    expect(executed).toEqual([
      [CommandIDs.cancelJob, { project: PROJECT.id, jobs: [runId(3)] }],
      [CommandIDs.retryJob, { project: PROJECT.id, jobs: [runId(2), runId(1)] }]
    ]);
    fireEvent.keyDown(grid, { key: 'Escape' });
    expect(screen.queryByRole('toolbar')).toBeNull();
    model.dispose();
  });

  it('shows a failure at its cell, with what would run again', async () => {
    const error = { ename: 'ValueError', evalue: 'no', traceback: [], cell: 4, cell_id: 'c' };
    const { model, executed } = await showPage([
      job(1, { status: 'failed', started: SAMPLE.submitted, error, cause: 'failed' })
    ]);
    await act(async () => {
      await model.show(runId(1), true);
      await until(() => model.run?.detail !== null && model.log?.isReady === true);
    });
    const detail = screen.getByRole('region', { name: 'The job train.ipynb' });
    expect(within(detail).getByText('Cell 4 failed')).toBeTruthy();
    const plan = await screen.findByRole('region', { name: 'Going on' });
    expect(plan.textContent).toContain('go on at cell 4');
    expect(plan.textContent).toContain('2 cells run');
    expect(plan.textContent).toContain('cell 4 reads x');
    fireEvent.click(within(plan).getByRole('button', { name: 'Resume' }));
    fireEvent.click(within(plan).getByRole('button', { name: 'Debug' }));
    const args = { project: PROJECT.id, run: SAMPLE.spec.run_id };
    expect(executed).toEqual([
      [CommandIDs.resumeRun, args],
      [CommandIDs.debugRun, args]
    ]);
    expect(within(detail).getByText('said something')).toBeTruthy();
    model.dispose();
  });

  it('says what would fill it where there is nothing', async () => {
    const { model, executed } = await showPage([]);
    expect(screen.getByText('No jobs yet')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: /^Run the current notebook/ }));
    expect(executed).toEqual([[CommandIDs.runAsJob, undefined]]);
    fireEvent.click(screen.getByRole('tab', { name: /^Sweeps/ }));
    expect(screen.getByText('No sweeps yet')).toBeTruthy();
    model.dispose();
  });
});
