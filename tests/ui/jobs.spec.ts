import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, type IJupyterLabPageFixture, test } from '@jupyterlab/galata';

import { addNotebook, serverRoot } from './support/notebooks';
import { mainArea, openRuns, openTab, runRow, writeCell } from './support/runs';

const CELLS = [
  {
    source: 'lr = 0.1  # how far each step goes\nsteps: int = 20\noptimizer = "adam"  # adam | sgd',
    tags: ['parameters']
  },
  '%load_ext trackbook\n%track start churn\n%track param lr steps',
  'for step in range(steps):\n    %track metric acc=1-0.9**(step*lr*10) --step step',
  'assert lr < 5, "too fast"\n%track end'
];

/** Open a notebook with parameters, and its form by the button of the toolbar. */
async function openForm(page: IJupyterLabPageFixture, folder: string): Promise<void> {
  await addNotebook(page, `${folder}/train.ipynb`, CELLS);
  await page.notebook.openByPath(`${folder}/train.ipynb`);
  await page.notebook.activate('train.ipynb');
  await page.getByRole('button', { name: /Run this notebook as a job/ }).click();
  await expect(mainArea(page).getByRole('textbox', { name: /^lr/ })).toBeVisible();
}

test.describe('A notebook', () => {
  test('becomes jobs, which become runs', async ({ page, tmpPath }) => {
    await openForm(page, tmpPath); // through the file browser, whose place the runs take then
    await openRuns(page);
    const form = mainArea(page);
    await expect(form.getByRole('textbox', { name: /^lr/ })).toHaveAttribute('placeholder', '0.1');
    await expect(form.getByText('how far each step goes')).toBeVisible();

    await form.getByRole('textbox', { name: /^steps/ }).fill('many');
    await expect(form.getByRole('alert')).toHaveText('A whole number, such as 8');
    await expect(form.getByRole('button', { name: 'Run 1 job' })).toBeDisabled();
    await form.getByRole('textbox', { name: /^steps/ }).fill('10');
    await form.getByRole('checkbox', { name: 'Sweep lr' }).check();
    await form.getByRole('textbox', { name: /^lr/ }).fill('0.2, 0.4');
    await form.getByRole('textbox', { name: 'At the same time' }).fill('2');
    await form.getByRole('button', { name: 'Run 2 jobs' }).click();

    const jobs = form.getByRole('listitem');
    await expect(jobs).toHaveCount(2);
    await expect(jobs.getByRole('img', { name: 'finished' })).toHaveCount(2, { timeout: 120_000 });
    for (const number of [1, 2]) {
      await expect(runRow(page, number).getByRole('img', { name: 'finished' })).toBeVisible();
    }

    await jobs.filter({ hasText: 'lr=0.4' }).getByRole('button', { name: 'train.ipynb' }).click();
    const lr = mainArea(page)
      .getByRole('row')
      .filter({ has: page.getByRole('rowheader', { name: 'lr', exact: true }) });
    await expect(lr.getByRole('cell')).toHaveText('0.4');
    await openTab(page, /^Artifacts/);
    await expect(mainArea(page).getByRole('button', { name: 'output.ipynb' })).toBeVisible();

    const path = join(serverRoot(), tmpPath, 'train.ipynb');
    const source = JSON.parse(readFileSync(path, 'utf8')) as { cells: { outputs?: unknown[] }[] };
    expect(source.cells.flatMap(cell => cell.outputs ?? [])).toEqual([]);
  });

  test('that fails as a job says where', async ({ page, tmpPath }) => {
    await openForm(page, tmpPath); // through the file browser, whose place the runs take then
    await openRuns(page);
    const form = mainArea(page);
    await form.getByRole('textbox', { name: /^lr/ }).fill('9');
    await form.getByRole('button', { name: 'Run 1 job' }).click();
    const job = form.getByRole('listitem');
    await expect(job.getByRole('img', { name: 'failed' })).toBeVisible({ timeout: 120_000 });
    await expect(job).toContainText('AssertionError: too fast');
    await expect(runRow(page, 1)).toContainText('cell 4: AssertionError');
    await job.getByRole('button', { name: 'train.ipynb' }).click();
    await expect(mainArea(page).locator('.trackbook-Cell.trackbook-mod-target')).toContainText(
      'too fast'
    );
  });

  test('has its changes saved before it runs', async ({ page, tmpPath }) => {
    await openForm(page, tmpPath);
    await page.getByRole('main').getByRole('tab', { name: 'train.ipynb', exact: true }).click();
    await writeCell(page, 0, 'lr = 0.7\nmomentum = 0.9');
    await page.activity.activateTab('Job: train.ipynb');
    const form = mainArea(page);
    await form.getByRole('button', { name: /^Save now/ }).click();
    await expect(form.getByRole('textbox', { name: /^momentum/ })).toBeVisible();
    await expect(form.getByRole('button', { name: 'Run 1 job' })).toBeVisible();
  });

  test('has jobs that can be cancelled', async ({ page, tmpPath }) => {
    await openForm(page, tmpPath);
    const sidebar = await openRuns(page);
    const form = mainArea(page);
    await form.getByRole('checkbox', { name: 'Sweep lr' }).check();
    await form.getByRole('textbox', { name: /^lr/ }).fill('0.1, 0.2, 0.3');
    await form.getByRole('button', { name: 'Run 3 jobs' }).click();
    await sidebar.getByText(/^Jobs/i).click();
    const jobs = sidebar.getByRole('list', { name: 'Jobs' }).getByRole('listitem');
    await expect(jobs).toHaveCount(3);
    const last = jobs.filter({ hasText: 'lr=0.3' });
    await last.getByRole('button', { name: 'Cancel this job' }).click();
    await expect(last.getByRole('img', { name: 'cancelled' })).toBeVisible();
    await expect(jobs.getByRole('img', { name: 'finished' })).toHaveCount(2, { timeout: 120_000 });
  });
});
