import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import * as React from 'react';

import { Charts } from '../../../src/components/Charts';
import { ColoursModel } from '../../../src/models/colours';
import { CurveSheet } from '../../../src/models/curveSheet';
import { curveOf, FakeCurves } from '../../support/curves';
import { FakeChanges, PROJECT, until } from '../../support/fakes';
import { runId } from '../../support/samples';
import { show } from '../../support/view';

const [A, B] = [runId(1), runId(2)];
const WIDTH = 500;
// Updates rest many times as long as they take, which on a busy machine is long.
const SLOW = { timeout: 30_000 };

/** Everything can be seen, and is as wide as this. */
class AllSeen {
  constructor(private readonly _callback: (entries: unknown[]) => void) {}
  observe(): void {
    this._callback([{ isIntersecting: true }]);
  }
  disconnect(): void {}
}

beforeAll(() => {
  Object.assign(window, { IntersectionObserver: AllSeen, ResizeObserver: AllSeen });
  Object.defineProperty(HTMLElement.prototype, 'clientWidth', { get: () => WIDTH });
  // There is no canvas to draw on.
  HTMLCanvasElement.prototype.getContext = () => null;
});

async function shown() {
  const client = new FakeCurves([
    curveOf(A, [1, 2, 3, 4]),
    curveOf(A, [5, 6], { context: { subset: 'val' } }),
    curveOf(B, [7, NaN, 9])
  ]);
  const changes = new FakeChanges();
  const options = { client, changes, project: PROJECT.id, runs: [A, B], limit: 1 };
  const sheet = new CurveSheet(options);
  const groupings = [{ field: 'params.lr', label: 'lr' }];
  const { container } = show(
    <Charts sheet={sheet} keys={['loss']} groupings={groupings} colours={new ColoursModel()} />
  );
  const model = sheet.get('loss');
  await act(() => until(() => model.overview !== null));
  const plot = () => container.querySelector<HTMLElement>('.trackbook-Curves-plot')!;
  return { client, changes, sheet, model, container, plot };
}

describe('Charts', () => {
  it('draw the curves of all runs, and hide those that are not wanted', async () => {
    const { plot } = await shown();
    expect(plot().dataset).toMatchObject({ lines: '3', points: '9', from: '0', to: '3' });
    const legend = screen.getByRole('list', { name: 'Runs' });
    const [first, second] = within(legend).getAllByRole('button');
    expect([first.textContent, second.textContent]).toEqual(['churn #1', 'churn #2']);
    fireEvent.click(first);
    expect(first.getAttribute('aria-pressed')).toBe('false');
    expect(plot().dataset.lines).toBe('1');
    fireEvent.click(first, { shiftKey: true });
    expect(plot().dataset.lines).toBe('2');
  });

  it('read out their values to who has no mouse, and zoom', async () => {
    const { model, plot } = await shown();
    const pointer = screen.getByRole('group', { name: 'Curves of loss' });
    fireEvent.keyDown(pointer, { key: 'ArrowRight' });
    const said = () => pointer.querySelector('[aria-live]')!.textContent;
    expect(said()).toBe('step 0, churn #1 1, churn #1 subset=val 5, churn #2 7');
    fireEvent.keyDown(pointer, { key: 'ArrowRight' });
    fireEvent.keyDown(pointer, { key: 'ArrowRight' });
    expect(said()).toBe('step 2, churn #1 3, churn #2 9');
    fireEvent.keyDown(pointer, { key: '+' });
    expect(model.window!.from).toBeGreaterThan(0);
    await act(() => until(() => model.detail !== null));
    expect(Number(plot().dataset.to)).toBe(model.window!.to);
    fireEvent.click(screen.getByRole('button', { name: 'Show all of loss' }));
    expect(plot().dataset.to).toBe('3');
    expect(screen.queryByRole('button', { name: 'Show all of loss' })).toBeNull();
  });

  it('have their numbers in a table', async () => {
    await shown();
    fireEvent.click(screen.getByRole('button', { name: 'Show loss as a table' }));
    const rows = within(screen.getByRole('table', { name: 'Curves of loss' })).getAllByRole('row');
    const texts = rows.map(row => [...row.children].map(cell => cell.textContent));
    expect(texts[1]).toEqual(['churn #1', '4', '1', '4', '1', '4']);
    expect(texts[3]).toEqual(['churn #2', '3', '7', '9', '7', '9']);
  });

  it('part into one for each context', async () => {
    const { container } = await shown();
    fireEvent.click(screen.getByRole('checkbox', { name: 'A chart for each context' }));
    const plots = [...container.querySelectorAll<HTMLElement>('.trackbook-Curves-plot')];
    expect(plots.map(plot => plot.dataset.lines)).toEqual(['2', '1']);
    expect(screen.getByText('subset=val', { selector: 'div' })).toBeTruthy();
  });

  it('say what went wrong, and that a log scale has no place for a value', async () => {
    const { client, changes, model } = await shown();
    client.error = new Error('The server went home.');
    changes.tell([A]);
    await waitFor(() => expect(screen.getByRole('alert').textContent).toContain('went home'), SLOW);
    client.error = null;
    client.all = [curveOf(A, [0, -1])];
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    fireEvent.click(screen.getByRole('checkbox', { name: 'Log scale, vertical' }));
    await waitFor(() => expect(screen.getByText(/^A log scale has no place/)).toBeTruthy(), SLOW);
    expect(model.error).toBeNull();
  });

  it('say so where nothing was logged', () => {
    const parts = { client: new FakeCurves([]), changes: new FakeChanges(), project: PROJECT.id };
    const sheet = new CurveSheet({ ...parts, runs: [A] });
    show(<Charts sheet={sheet} keys={[]} colours={new ColoursModel()} />);
    expect(screen.getByText('No metric was logged.')).toBeTruthy();
  });
});
