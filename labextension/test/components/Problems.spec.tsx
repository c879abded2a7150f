import { act, fireEvent, screen, within } from '@testing-library/react';
import * as React from 'react';

import { ApiError } from '../../src/client/errors';
import { type ILintReport } from '../../src/client/lint';
import { CommandIDs } from '../../src/commandIds';
import { ProblemCount } from '../../src/components/ProblemCount';
import { Problems } from '../../src/components/Problems';
import { LintModel } from '../../src/models/lint';
import { ProblemsModel } from '../../src/models/problems';
import { REPORT } from '../support/lint';
import { show } from '../support/view';

const CONTENT = { cells: [], metadata: {}, nbformat: 4, nbformat_minor: 5 };

async function showProblems(answer: ILintReport | Error) {
  const client = {
    answer,
    lint() {
      return this.answer instanceof Error
        ? Promise.reject(this.answer)
        : Promise.resolve(this.answer);
    }
  };
  const ids = Array.from({ length: 12 }, (_, place) => `cell-${place + 1}`);
  const notebook = () => ({ path: 'work/train.ipynb', content: CONTENT, ids, unseen: [] });
  const lint = new LintModel({ client, notebook });
  await lint.refresh();
  const model = new ProblemsModel();
  model.follow(lint);
  return { client, lint, model, ...show(<Problems model={model} />) };
}

describe('Problems', () => {
  it('are listed by cell, with what to do, and lead to their place', async () => {
    const { executed } = await showProblems(REPORT);
    const item = REPORT.diagnostics.find(({ code }) => code === 'TB101')!;
    const group = screen.getByRole('region', { name: `Cell ${item.cell}` });
    const row = within(group).getByRole('button', { name: new RegExp(item.code) });
    expect(row.textContent).toContain(item.message.replace(/`/g, ''));
    expect(within(row).getByText(item.names[0]).tagName).toBe('CODE');
    expect(row.textContent).toContain(item.code);
    expect(row.textContent).toContain(item.help.replace(/`/g, ''));
    fireEvent.click(row);
    const { cell, line, column } = item;
    const args = { path: 'work/train.ipynb', cell, id: `cell-${cell}`, line, column };
    expect(executed).toEqual([[CommandIDs.goToCell, args]]);
  });

  it('are filtered by severity', async () => {
    const { model } = await showProblems(REPORT);
    const count = (name: RegExp) => screen.queryAllByRole('img', { name }).length;
    const errors = model.count('error');
    expect(errors).toBeGreaterThan(0);
    const filter = screen.getByRole('button', { name: new RegExp(`${errors} errors?$`) });
    expect(filter.getAttribute('aria-pressed')).toBe('true');
    fireEvent.click(filter);
    expect(filter.getAttribute('aria-pressed')).toBe('false');
    // The filter's own icon stays.
    expect(count(/^error$/)).toBe(1);
    model.shown.forEach(item => expect(item.severity).not.toBe('error'));
  });

  it('are never hidden without a word', async () => {
    const found = REPORT.diagnostics.filter(item => item.severity === 'error');
    await showProblems({ ...REPORT, diagnostics: found });
    fireEvent.click(screen.getByRole('button', { name: /errors?$/ }));
    expect(screen.getByText(/hidden/)).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Show all' }));
    expect(screen.queryByText(/hidden/)).toBeNull();
  });

  it('are walked with the arrows', async () => {
    const { container } = await showProblems(REPORT);
    const rows = container.querySelectorAll<HTMLElement>('.trackbook-Problem');
    rows[0].focus();
    fireEvent.keyDown(rows[0], { key: 'ArrowDown' });
    expect(document.activeElement).toBe(rows[1]);
    fireEvent.keyDown(rows[1], { key: 'End' });
    expect(document.activeElement).toBe(rows[rows.length - 1]);
    fireEvent.keyDown(rows[rows.length - 1], { key: 'Home' });
    expect(document.activeElement).toBe(rows[0]);
  });

  it('take the cursor when somebody asks for those of a cell', async () => {
    const { model } = await showProblems(REPORT);
    const item = [...model.shown].reverse().find(({ cell }) => cell > 1)!;
    act(() => model.ask(item.cell_id));
    expect((document.activeElement as HTMLElement).dataset.cell).toBe(`cell-${item.cell}`);
  });

  it('say what was not seen', async () => {
    await showProblems({ ...REPORT, unseen: ['Cell 2: `from x import *` brings names unseen.'] });
    const region = screen.getByRole('region', { name: 'What was not seen' });
    expect(region.textContent).toContain('from x import *');
  });

  it('say so when there are none', async () => {
    await showProblems({ ...REPORT, diagnostics: [], unseen: [] });
    expect(screen.getByRole('status').textContent).toContain('No problems found in train.ipynb.');
  });

  it('say what happened when the server is away, and try again', async () => {
    const { client, lint } = await showProblems(
      new ApiError('network', 'The server didn’t answer.', 0)
    );
    expect(screen.getByRole('alert').textContent).toContain('The server didn’t answer.');
    client.answer = REPORT;
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
      await lint.refresh();
    });
    expect(screen.queryByRole('alert')).toBeNull();
    expect(screen.getAllByRole('region').length).toBeGreaterThan(0);
  });

  it('say that they are switched off, and can be looked for', async () => {
    const { lint, executed } = await showProblems(REPORT);
    act(() => {
      lint.isLive = true;
      lint.isLive = false;
    });
    fireEvent.click(screen.getByRole('button', { name: 'Look at this notebook' }));
    expect(executed).toEqual([[CommandIDs.lintNotebook, undefined]]);
  });

  it('need a notebook', () => {
    show(<Problems model={new ProblemsModel()} />);
    expect(screen.getByRole('status').textContent).toContain('Open a notebook');
  });
});

describe('ProblemCount', () => {
  it('counts by severity, and opens the list', async () => {
    const found = (['error', 'error', 'warning'] as const).map(severity => {
      return { ...REPORT.diagnostics[0], severity };
    });
    const { lint } = await showProblems({ ...REPORT, diagnostics: found });
    const { executed } = show(<ProblemCount model={lint} />);
    fireEvent.click(screen.getByRole('button', { name: '2 errors, 1 warning in this notebook' }));
    expect(executed).toEqual([[CommandIDs.showProblems, undefined]]);
  });
});
