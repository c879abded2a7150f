import { act, fireEvent, screen, within } from '@testing-library/react';
import * as React from 'react';

import { decodeDetail } from '../../src/client/numbers';
import { type IDiagnosis, type IReproductionMark } from '../../src/client/reproduction';
import { type IRunDetail } from '../../src/client/types';
import { CommandIDs } from '../../src/commandIds';
import { ReproductionBadge, ReproductionIcon } from '../../src/components/ReproductionBadge';
import { ReproductionTab } from '../../src/components/ReproductionTab';
import { PROJECT, settle } from '../support/fakes';
import { runModel } from '../support/runClient';
import { sample } from '../support/samples';
import { show } from '../support/view';

const detail = decodeDetail(sample<IRunDetail>('run-detail'));
const diagnosis = sample<IDiagnosis>('diagnosis');

async function showTab(given = detail, answer: IDiagnosis | Error = diagnosis) {
  let known = answer;
  const model = await runModel(given, {
    diagnosis: () => (known instanceof Error ? Promise.reject(known) : Promise.resolve(known))
  });
  const onCell = jest.fn();
  const shown = show(<ReproductionTab model={model} detail={given} onCell={onCell} />);
  await act(settle);
  const learn = (next: IDiagnosis) => (known = next);
  return { model, onCell, learn, ...shown };
}

describe('ReproductionTab', () => {
  it('gives the verdict with its evidence', async () => {
    await showTab();
    const verdict = screen.getByRole('region', { name: 'Verdict' });
    expect(verdict.textContent).toContain('Differs');
    expect(verdict.textContent).toContain('1 metric is not as recorded.');
    const results = screen.getByRole('region', { name: 'Results' });
    expect(results.textContent).toContain('metrics: 1 of 2 hold');
    const row = within(results).getByRole('rowheader', { name: 'acc' }).closest('tr')!;
    expect(row.textContent).toContain('differs');
    expect([...row.querySelectorAll('td')].map(cell => cell.textContent).slice(1, 3)).toEqual([
      '0.9655',
      '0.9641'
    ]);
    expect(screen.getByRole('region', { name: 'What was different' }).textContent).toContain(
      'scikit-learn is 1.7.2 now, and was 1.6.1.'
    );
  });

  it('leads to the other run, and compares both', async () => {
    const { executed } = await showTab();
    fireEvent.click(screen.getByRole('button', { name: 'Open the run that repeated it' }));
    fireEvent.click(screen.getByRole('button', { name: 'Compare both' }));
    const { run_id } = detail.reproduction!;
    const project = PROJECT.id;
    expect(executed).toEqual([
      [CommandIDs.openRun, { project, run: run_id }],
      [CommandIDs.compareRuns, { project, runs: [detail.run.id, run_id] }]
    ]);
  });

  it('says what stands in the way, and leads to the cell', async () => {
    const { onCell } = await showTab();
    const region = screen.getByRole('region', { name: 'What stands in the way' });
    const [first, second] = within(region).getAllByRole('listitem');
    expect(within(first).getByRole('img', { name: 'error' })).toBeTruthy();
    expect(first.textContent).toContain('Bring the earlier version back');
    fireEvent.click(within(second).getByRole('button', { name: 'Show the cell' }));
    expect(onCell).toHaveBeenCalledWith(2);
  });

  it('says that nothing stands in the way', async () => {
    await showTab(detail, { ...diagnosis, obstacles: [] });
    const region = screen.getByRole('region', { name: 'What stands in the way' });
    expect(region.textContent).toContain('Nothing that is known');
  });

  it('asks again when the server could not say', async () => {
    const { learn } = await showTab(detail, new Error('The store is busy.'));
    expect(screen.getByRole('alert').textContent).toContain('The store is busy.');
    learn(diagnosis);
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
      await settle();
    });
    expect(screen.queryByRole('alert')).toBeNull();
  });

  it('offers to run it again where nobody has', async () => {
    const { executed } = await showTab({ ...detail, reproduction: null, run: ended() });
    fireEvent.click(screen.getByRole('button', { name: 'Reproduce' }));
    const args = { project: PROJECT.id, run: detail.run.id };
    expect(executed).toEqual([[CommandIDs.reproduceRun, args]]);
    expect(screen.getByText(/^trackbook reproduce \d+ --env$/)).toBeTruthy();
  });

  it('does not offer that while it runs', async () => {
    const run = { ...detail.run, status: 'running' as const };
    await showTab({ ...detail, run, reproduction: null });
    expect(screen.queryByRole('button', { name: 'Reproduce' })).toBeNull();
  });
});

describe('ReproductionBadge', () => {
  const mark: IReproductionMark = {
    verdict: 'reproduced',
    at: '2026-11-22T08:00:00Z',
    run_id: 'other'
  };

  it('says when and what, and opens the evidence', () => {
    const args = { project: PROJECT.id, run: detail.run.id };
    const { executed } = show(<ReproductionBadge mark={mark} args={args} />);
    const badge = screen.getByRole('button', { name: 'reproduced' });
    expect(badge.title).toMatch(/^Run again on .*2026.*: the results hold; show the evidence$/);
    fireEvent.click(badge);
    expect(executed).toEqual([[CommandIDs.openRun, { ...args, tab: 'reproduction' }]]);
  });

  it.each([
    ['reproduced', 'reproduced'],
    ['differs', 'differs'],
    ['failed', 'not repeated'],
    ['not_comparable', 'nothing to compare']
  ] as const)('has a word for readers: %s', (verdict, word) => {
    show(<ReproductionIcon mark={{ ...mark, verdict }} />);
    expect(screen.getByRole('img', { name: word })).toBeTruthy();
  });
});

function ended() {
  return { ...detail.run, status: 'finished' as const };
}
