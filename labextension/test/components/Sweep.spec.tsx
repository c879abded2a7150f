import { act, fireEvent, screen, within } from '@testing-library/react';
import * as React from 'react';

import { type ISweepDetail } from '../../src/client/sweeps';
import { CommandIDs } from '../../src/commandIds';
import { SweepPage } from '../../src/components/SweepPage';
import { SweepRow } from '../../src/components/SweepRow';
import { ColoursModel } from '../../src/models/colours';
import { PageState } from '../../src/models/pageState';
import { SweepModel } from '../../src/models/sweep';
import { FakeChanges, PROJECT, until } from '../support/fakes';
import { runId } from '../support/samples';
import { makeDetail, makeSweep, makeTrial } from '../support/sweeps';
import { show } from '../support/view';

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

async function showPage(detail: ISweepDetail, tab: string | null = null) {
  const client = { sweep: () => Promise.resolve({ ...detail }) };
  const options = { client, changes: new FakeChanges(), project: PROJECT.id, id: detail.id };
  const model = new SweepModel({ ...options, standby: 'never' });
  await until(() => model.sweep !== null);
  const state = new PageState(tab);
  return {
    model,
    ...show(<SweepPage model={model} colours={new ColoursModel()} state={state} />)
  };
}

const rows = () =>
  within(screen.getByRole('grid', { name: 'Trials' }))
    .getAllByRole('row')
    .slice(1);

describe('SweepPage', () => {
  it('marks the best trial, and tells states apart', async () => {
    const { model } = await showPage(makeDetail());
    expect(rows().length).toBe(6);
    const best = within(screen.getByRole('grid')).getByRole('img', { name: 'best' });
    expect(best.closest('[role=row]')!.textContent).toContain('0.9100');
    expect(rows()[0].textContent).toContain('4/10');
    expect(within(screen.getByRole('grid')).getByRole('img', { name: 'pruned' })).toBeTruthy();
    expect(
      screen.getByRole('img', { name: /went from 0.8000 to 0.9100 in 3 trials/ })
    ).toBeTruthy();
    expect(
      screen.getByRole('img', { name: '3 finished, 1 failed, 1 pruned, 1 running' })
    ).toBeTruthy();
    model.dispose();
  });

  it('draws how the objective went in each trial, anew while it goes on', async () => {
    const detail = makeDetail();
    const { model } = await showPage(detail);
    const curve = () => rows()[2].querySelector('.trackbook-Sparkline path')?.getAttribute('d');
    const before = curve();
    expect(before).toBeTruthy();
    expect(rows()[0].querySelector('.trackbook-Sparkline')).toBeNull(); // no value yet
    detail.runs = detail.runs.map(trial =>
      trial.trial === 3 ? { ...trial, sparks: [[0.1, 0.9, 0.2, 0.91]] } : trial
    );
    await act(() => model.refresh());
    expect(curve()).not.toBe(before);
    model.dispose();
  });

  it('orders trials by a click on a head, and says so', async () => {
    const { model } = await showPage(makeDetail());
    fireEvent.click(screen.getByRole('button', { name: /^acc/ }));
    fireEvent.click(screen.getByRole('button', { name: /^acc/ }));
    expect(screen.getByRole('columnheader', { name: /acc/ }).getAttribute('aria-sort')).toBe(
      'descending'
    );
    expect(rows()[0].textContent).toContain('0.9100');
    model.dispose();
  });

  it('compares the selected trials, and opens one', async () => {
    const { model, executed } = await showPage(makeDetail());
    const grid = screen.getByRole('grid');
    act(() => model.selection.set([runId(0), runId(3)]));
    fireEvent.click(screen.getByRole('button', { name: 'Compare' }));
    fireEvent.keyDown(grid, { key: 'Home' });
    fireEvent.keyDown(grid, { key: 'Enter' });
    expect(executed).toEqual([
      [CommandIDs.compareRuns, { project: PROJECT.id, runs: [runId(0), runId(3)] }],
      [CommandIDs.openRun, { project: PROJECT.id, run: runId(5) }]
    ]);
    model.dispose();
  });

  it('shows the job of a trial that has not begun', async () => {
    const runs = [makeTrial(0, { status: 'queued', number: null, values: [null] })];
    const { model, executed } = await showPage(makeDetail({ runs }));
    const grid = screen.getByRole('grid');
    fireEvent.keyDown(grid, { key: 'Home' });
    fireEvent.keyDown(grid, { key: ' ' });
    expect(model.selection.size).toBe(0);
    fireEvent.keyDown(grid, { key: 'Enter' });
    expect(executed).toEqual([[CommandIDs.openJobs, { project: PROJECT.id, job: runId(500) }]]);
    model.dispose();
  });

  it('cancels what goes on, and resumes what was stopped', async () => {
    const going = await showPage(makeDetail());
    fireEvent.click(screen.getByRole('button', { name: 'Cancel' }));
    expect(screen.queryByRole('button', { name: 'Resume' })).toBeNull();
    going.unmount();
    const stopped = await showPage(makeDetail({ status: 'aborted', reason: 'It was cancelled.' }));
    fireEvent.click(screen.getByRole('button', { name: 'Resume' }));
    const args = { project: PROJECT.id, sweep: runId(900) };
    expect(going.executed).toEqual([[CommandIDs.cancelSweep, args]]);
    expect(stopped.executed).toEqual([[CommandIDs.resumeSweep, args]]);
    expect(screen.getByText('It was cancelled.')).toBeTruthy();
    [going, stopped].forEach(({ model }) => model.dispose());
  });

  it('draws a line for each finished trial over the swept parameters', async () => {
    const { model, container } = await showPage(makeDetail(), 'charts');
    expect(screen.getByRole('img', { name: '3 trials over lr, depth, acc ↑' })).toBeTruthy();
    const lines = container.querySelectorAll('.trackbook-Parallel-line');
    expect(lines.length).toBe(3);
    fireEvent.mouseEnter(lines[2]);
    expect(screen.getByText(/^#3 0.9100 lr=0.04/)).toBeTruthy();
    model.dispose();
  });

  it('says why there is nothing to draw', async () => {
    const { model } = await showPage(makeDetail({ runs: [], importance: null }), 'charts');
    expect(screen.getByText('No trial has finished with a value yet.')).toBeTruthy();
    model.dispose();
  });
});

describe('SweepRow', () => {
  it('has progress and the best so far, and can be cancelled while it goes on', () => {
    const { executed } = show(<SweepRow sweep={makeSweep()} project={PROJECT.id} />);
    expect(screen.getByText('5/6')).toBeTruthy();
    expect(screen.getByRole('listitem').textContent).toContain('acc 0.9100');
    fireEvent.click(screen.getByRole('button', { name: 'Cancel this sweep' }));
    fireEvent.click(screen.getByRole('button', { name: 'train.ipynb' }));
    const args = { project: PROJECT.id, sweep: runId(900) };
    expect(executed).toEqual([
      [CommandIDs.cancelSweep, args],
      [CommandIDs.openSweep, args]
    ]);
  });
});
