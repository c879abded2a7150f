import { act, fireEvent, screen, within } from '@testing-library/react';
import * as React from 'react';

import { decodeComparison, type IComparison } from '../../src/client/compare';
import type { ICodeDifferences, INotebookDifferences } from '../../src/client/differences';
import { CommandIDs } from '../../src/commandIds';
import { CodeDifferences } from '../../src/components/CodeDifferences';
import { NotebookDifferences } from '../../src/components/NotebookDifferences';
import { NotebookDifferencesModel } from '../../src/models/notebookDifferences';
import { FakeChanges, PROJECT, settle } from '../support/fakes';
import { sample } from '../support/samples';
import { show } from '../support/view';

const { runs } = decodeComparison(sample<IComparison>('compare'));
const differences = sample<INotebookDifferences>('differences-notebook');

/** Nothing is ever near enough to be seen: what shows a cell's content is looked at in a real browser. */
class Blind {
  observe(): void {}
  disconnect(): void {}
}

async function showWith(answer: INotebookDifferences, code: ICodeDifferences) {
  Object.assign(globalThis, { IntersectionObserver: Blind });
  const asked: string[][] = [];
  const client = {
    compareNotebooks: (_: string, pair: readonly [string, string]) => {
      asked.push([...pair]);
      return Promise.resolve(answer);
    },
    compareCell: () => Promise.resolve(sample<never>('differences-cell')),
    compareCode: () => Promise.resolve(code)
  };
  const changes = new FakeChanges();
  const model = new NotebookDifferencesModel({ client, changes, project: PROJECT.id });
  let shown!: ReturnType<typeof show>;
  await act(async () => {
    shown = show(
      <>
        <NotebookDifferences model={model} runs={runs} />
        <CodeDifferences model={model} runs={runs} />
      </>
    );
    await settle();
  });
  return { asked, model, ...shown };
}

const code = sample<ICodeDifferences>('differences-code');

describe('NotebookDifferences', () => {
  it('says of each cell what differs, and what is to be known beside it', async () => {
    const { executed } = await showWith(differences, code);
    const first = screen.getByRole('region', { name: 'Cell: lr = 0.1' });
    expect(within(first).getByText('source · number of executions')).toBeTruthy();
    expect(within(first).getByText('Right: ran 3 times, with 2 different texts')).toBeTruthy();
    const moved = screen.getByRole('region', { name: 'Cell: plot()' });
    expect(moved.textContent).toContain('[3] → [2]');
    expect(moved.textContent).toContain('edited after it ran');
    expect(screen.getByText(/#42: The run has no snapshot/)).toBeTruthy();
    expect(screen.getByText('1 cell is the same in both.')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Next difference' }));
    expect(executed).toEqual([[CommandIDs.nextDifference, undefined]]);
  });

  it('swaps the sides, and chooses others', async () => {
    const { asked } = await showWith(differences, code);
    const [a, b, c] = runs.map(run => run.id);
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name: 'Swap the sides' }));
      await settle();
    });
    await act(async () => {
      fireEvent.change(screen.getByRole('combobox', { name: 'Right run' }), {
        target: { value: c }
      });
      await settle();
    });
    expect(asked).toEqual([
      [a, b],
      [b, a],
      [b, c]
    ]);
  });

  it('says that nothing differs', async () => {
    await showWith({ ...differences, cells: [] }, code);
    expect(screen.getByText(/^The cells of these runs are the same/)).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Next difference' })).toHaveProperty(
      'disabled',
      true
    );
  });

  it('shows commits and the difference of the code when asked', async () => {
    await showWith(differences, code);
    await act(async () => {
      fireEvent.click(
        screen.getByRole('button', { name: 'Show commits and code from #42 to #41' })
      );
      await settle();
    });
    expect(screen.getByText('9fceb02d0a')).toBeTruthy();
    expect(screen.getByText('and 3 more')).toBeTruthy();
    expect(screen.getByLabelText('Difference of the code').textContent).toContain('+b');
  });
});
