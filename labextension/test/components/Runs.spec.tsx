import { act, fireEvent, screen, within } from '@testing-library/react';
import * as React from 'react';

import { ApiError } from '../../src/client/errors';
import { decodeDetail } from '../../src/client/numbers';
import { type IRun, type IRunDetail } from '../../src/client/types';
import { CommandIDs } from '../../src/commandIds';
import { Runs } from '../../src/components/Runs';
import { BestModel } from '../../src/models/best';
import { ColoursModel } from '../../src/models/colours';
import { Details } from '../../src/models/details';
import { ExperimentsModel } from '../../src/models/experiments';
import { ListState } from '../../src/models/listState';
import { RunListModel } from '../../src/models/runList';
import { SelectionModel } from '../../src/models/selection';
import { FakeChanges, FakeRuns, PROJECT, readyProject, settle, until } from '../support/fakes';
import { manyRuns, runId, sample, sampleRuns } from '../support/samples';
import { show } from '../support/view';

async function showRuns(all: IRun[]) {
  const client = new FakeRuns(all);
  const changes = new FakeChanges();
  const project = await readyProject(client, changes);
  const list = new RunListModel({ client, changes, project, searchDelay: 1 });
  const detail = decodeDetail(sample<IRunDetail>('run-detail'));
  const details = new Details({
    client: { run: () => Promise.resolve(detail) } as never,
    changes
  });
  const state = new ListState();
  const selection = new SelectionModel();
  const leave = jest.fn();
  await until(() => list.isReady);
  const experiments = new ExperimentsModel({
    changes,
    client: {
      experiments: () => Promise.resolve([{ name: 'churn', runs: 3, last_started: null }])
    },
    project
  });
  const shown = show(
    <Runs
      list={list}
      state={state}
      selection={selection}
      colours={new ColoursModel()}
      best={new BestModel({ client, changes, list, limit: 1 })}
      details={details}
      experiments={experiments}
      onRename={async (id, name) => {
        await Promise.resolve();
        list.update({ ...list.rows.at(list.rows.indexOf(id))!, name });
      }}
      onLeave={leave}
    />
  );
  await act(settle);
  const tree = screen.queryByRole('tree')!;
  const key = (name: string, options = {}) => fireEvent.keyDown(tree, { key: name, ...options });
  return { client, changes, list, state, selection, tree, key, leave, ...shown };
}

describe('Runs', () => {
  it('say of each run what it is, what changed, and how it went', async () => {
    await showRuns(sampleRuns());
    const [first, second, third] = screen.getAllByRole('treeitem');
    expect(within(first).getByRole('img', { name: 'running' })).toBeTruthy();
    expect(first.textContent).toContain('churn');
    expect(first.textContent).toContain('#42');
    expect(first.textContent).toContain('0.9312');
    expect(first.textContent).toContain('lr 0.01→0.1');
    expect(within(second).getByRole('img', { name: 'finished' })).toBeTruthy();
    expect(third.textContent).toContain('cell 7: ValueError');
  });

  it('draw only what can be seen of 5,000', async () => {
    await showRuns(manyRuns(5000));
    const rows = screen.getAllByRole('treeitem');
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.length).toBeLessThan(60);
    expect(rows[0].getAttribute('aria-setsize')).toBe('5000');
  });

  it('are walked, selected, unfolded and opened with the keyboard', async () => {
    const { key, state, selection, executed, tree } = await showRuns(manyRuns(20));
    key('ArrowDown');
    key('ArrowDown');
    expect(state.active).toBe(runId(19));
    expect(tree.getAttribute('aria-activedescendant')).toContain(runId(19));
    key(' ');
    key('ArrowDown', { shiftKey: true });
    key('ArrowDown', { shiftKey: true });
    expect(selection.ids).toEqual([runId(19), runId(18), runId(17)]);
    key('End');
    expect(state.active).toBe(runId(1));
    key('Home');
    key('ArrowRight');
    await act(settle);
    expect(screen.getByText('Parameters')).toBeTruthy();
    expect(screen.getByText('Artifacts')).toBeTruthy();
    key('ArrowLeft');
    expect(screen.queryByText('Parameters')).toBeNull();
    fireEvent.doubleClick(screen.getAllByRole('treeitem')[0].firstElementChild!);
    expect(executed).toEqual([[CommandIDs.openRun, { project: PROJECT.id, run: runId(20) }]]);
  });

  it('are selected with the mouse, one, several and a range', async () => {
    const { selection } = await showRuns(manyRuns(20));
    const rows = screen.getAllByRole('treeitem').map(item => item.firstElementChild!);
    fireEvent.click(rows[1], { ctrlKey: true });
    fireEvent.click(rows[4], { shiftKey: true });
    expect(selection.ids).toEqual([runId(19), runId(18), runId(17), runId(16)]);
    fireEvent.click(rows[2], { ctrlKey: true });
    expect(selection.has(runId(18))).toBe(false);
    fireEvent.click(rows[9]);
    expect(selection.size).toBe(3);
  });

  it('are compared when two are selected', async () => {
    const { selection, executed } = await showRuns(manyRuns(5));
    act(() => selection.set([runId(5)]));
    expect(screen.getByRole('button', { name: 'Compare' })).toHaveProperty('disabled', true);
    act(() => selection.set([runId(5), runId(3)]));
    fireEvent.click(screen.getByRole('button', { name: 'Compare' }));
    const args = { project: PROJECT.id, runs: [runId(5), runId(3)] };
    expect(executed).toEqual([[CommandIDs.compareRuns, args]]);
  });

  it('are searched with a slash, and left with Escape', async () => {
    const { key, selection, leave } = await showRuns(manyRuns(5));
    act(() => selection.set([runId(5)]));
    key('/');
    expect(document.activeElement).toBe(screen.getByRole('searchbox'));
    key('Escape');
    expect(selection.size).toBe(0);
    expect(leave).not.toHaveBeenCalled();
    key('Escape');
    expect(leave).toHaveBeenCalled();
  });

  it('point at the character that a search stumbles over', async () => {
    const { client, list } = await showRuns(manyRuns(5));
    const details = { position: 13, reason: 'A value is expected after >' };
    client.error = new ApiError('query', 'long text', 400, details);
    fireEvent.change(screen.getByRole('searchbox'), { target: { value: 'metrics.acc >> 0.9' } });
    await act(() => until(() => list.error !== null));
    const note = screen.getByRole('alert');
    expect(note.querySelector('mark')?.textContent).toBe('>');
    expect(note.textContent).toContain('A value is expected after >');
    expect(screen.getByRole('searchbox').getAttribute('aria-invalid')).toBe('true');
    expect(screen.getAllByRole('treeitem').length).toBe(5);
  });

  it('announce new ones while the user looks further down', async () => {
    const { client, changes, list } = await showRuns(manyRuns(300));
    fireEvent.mouseEnter(screen.getByRole('tree'));
    await act(settle);
    client.all = manyRuns(302);
    changes.tell([runId(302)]);
    await act(() => until(() => list.rows.pending === 2));
    expect(screen.getAllByRole('treeitem')[0].textContent).toContain('#300');
    fireEvent.click(screen.getByRole('button', { name: /2 new runs/ }));
    await act(() => until(() => list.rows.at(0)?.number === 302));
    expect(screen.getAllByRole('treeitem')[0].textContent).toContain('#302');
  });

  it('are renamed in place', async () => {
    const { state, list } = await showRuns(manyRuns(3));
    act(() => state.edit(runId(2), 'name'));
    const input = screen.getByRole('textbox', { name: 'Name' });
    fireEvent.change(input, { target: { value: 'better' } });
    fireEvent.keyDown(input, { key: 'Enter' });
    await act(() => until(() => list.rows.at(1)?.name === 'better'));
    expect(screen.queryByRole('textbox', { name: 'Name' })).toBeNull();
  });

  it('say what to do when there are none', async () => {
    const { list } = await showRuns([]);
    expect(screen.getByText('No runs yet in this notebook')).toBeTruthy();
    expect(screen.getByText(/%track start my-experiment/)).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Show all runs of churn' }));
    expect(list.scope).toEqual({ kind: 'project' });
    await act(settle);
    expect(screen.getByText('No runs yet')).toBeTruthy();
  });

  it('say what happened when the server is away, and try again', async () => {
    const { client, list } = await showRuns(manyRuns(3));
    client.error = new ApiError('network', 'The server didn’t answer.', 0);
    await act(() => list.refresh());
    expect(screen.getByRole('alert').textContent).toContain('The server didn’t answer.');
    expect(screen.getAllByRole('treeitem').length).toBe(3);
    client.error = null;
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await act(() => until(() => list.error === null));
    expect(screen.queryByRole('alert')).toBeNull();
  });
});
