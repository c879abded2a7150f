import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, type IJupyterLabPageFixture, test } from '@jupyterlab/galata';

import { addNotebook, serverRoot } from './support/notebooks';
import { mainArea, openRun, openRuns, openTab, picture, runRow, writeCell } from './support/runs';

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
async function openForm(
  page: IJupyterLabPageFixture,
  folder: string,
  cells: Parameters<typeof addNotebook>[2] = CELLS
): Promise<void> {
  await addNotebook(page, `${folder}/train.ipynb`, cells);
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
    await form.getByRole('textbox', { name: 'At the same time' }).fill('2');
    const jobs = form.getByRole('listitem');
    for (const [place, lr] of ['0.2', '0.4'].entries()) {
      await form.getByRole('textbox', { name: /^lr/ }).fill(lr);
      await form.getByRole('button', { name: 'Run 1 job' }).click();
      await expect(jobs).toHaveCount(place + 1);
    }
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

    const area = mainArea(page);
    await expect(area.getByRole('tab', { selected: true })).toHaveText('What happened');
    const error = area.getByRole('group', { name: 'Error' });
    await expect(error).toContainText('Cell 4 failed');
    await expect(error).toContainText('AssertionError: too fast');
    const cell = area.getByRole('region', { name: 'The cell that failed' });
    await expect(cell).toContainText('assert lr < 5');
    await expect(cell).toContainText('of memory at most');
    await expect(area.getByText('line 1')).toBeHidden();
    await area.getByText('Traceback', { exact: true }).click();
    await expect(area.locator('.trackbook-Traceback')).toContainText('AssertionError');
    await error.getByRole('button', { name: 'Copy command' }).click();
    await expect(page.getByText('The command is on the clipboard.')).toBeVisible();

    await error.getByRole('button', { name: 'Run again' }).click();
    await expect(page.getByText('train.ipynb was queued again.')).toBeVisible();
    await expect(runRow(page, 2)).toContainText('cell 4: AssertionError', { timeout: 60_000 });

    await error.getByRole('button', { name: 'Open the notebook at this cell' }).click();
    const failing = page.locator('.jp-Notebook:visible .jp-Notebook-cell').nth(3);
    await expect(failing.locator('.cm-content')).toBeFocused();
  });

  test('that runs out of time says so, and what was not run', async ({ page, tmpPath }) => {
    const cells = [
      'import time',
      'for step in range(600):\n    print("step", step, flush=True)\n    time.sleep(0.1)',
      'print("never")',
      'print("nor this")'
    ];
    await addNotebook(page, `${tmpPath}/slow.ipynb`, cells);
    await page.notebook.openByPath(`${tmpPath}/slow.ipynb`);
    await openRuns(page);
    const folder = join(serverRoot(), tmpPath);
    const limits = ['--cell-timeout', '2', '--retries', '1', '--retry-delay', '1'];
    const words = ['run', 'slow.ipynb', ...limits, '--retry-on', 'timed_out'];
    const job = spawn('trackbook', words, { cwd: folder, stdio: 'ignore' });
    const ended = new Promise(resolve => job.once('exit', resolve));

    const row = runRow(page, 1);
    await expect(row.getByRole('img', { name: 'timed out' })).toBeVisible({ timeout: 90_000 });
    const area = await openRun(page, 1);
    const error = area.getByRole('group', { name: 'Error' });
    await expect(error).toContainText('The time ran out in cell 2');
    await expect(area.getByRole('region', { name: 'The cell that failed' })).toContainText(
      'step 5'
    );
    await expect(area.getByText('2 code cells behind it were not run.')).toBeVisible();
    await expect(area.getByRole('rowheader', { name: 'each cell' })).toBeVisible();
    expect(await ended).toBe(1);
    const attempts = area.getByRole('row', { name: /timed out in cell 2/ });
    await expect(attempts).toHaveCount(2);
    await picture(page, 'failure');
    await attempts.nth(1).getByRole('button', { name: 'Open its run' }).click();
    await expect(mainArea(page).getByRole('heading', { level: 2 })).toContainText('#2');
  });

  test('shows what a running cell says', async ({ page, tmpPath }) => {
    const loop =
      'import time\nfor step in range(300):\n    print("step", step, flush=True)\n    time.sleep(0.2)';
    await addNotebook(page, `${tmpPath}/live.ipynb`, [loop]);
    await page.notebook.openByPath(`${tmpPath}/live.ipynb`);
    await openRuns(page);
    const folder = join(serverRoot(), tmpPath);
    const job = spawn('trackbook', ['run', 'live.ipynb'], { cwd: folder, stdio: 'ignore' });
    try {
      await expect(runRow(page, 1).getByRole('img', { name: 'running' })).toBeVisible({
        timeout: 90_000
      });
      const area = await openRun(page, 1);
      await openTab(page, /^Cells/);
      await expect(area.getByText(/^step 3$/m)).toBeVisible();
      await expect(area.getByText(/^step 20$/m)).toBeVisible();
    } finally {
      job.kill('SIGINT');
    }
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
    // So long that the last one still waits when it is cancelled.
    await openForm(page, tmpPath, [...CELLS, 'import time\ntime.sleep(4)']);
    const sidebar = await openRuns(page);
    const form = mainArea(page);
    await sidebar.getByText(/^Jobs/i).click();
    const jobs = sidebar.getByRole('list', { name: 'Jobs' }).getByRole('listitem');
    for (const [place, lr] of ['0.1', '0.2', '0.3'].entries()) {
      await form.getByRole('textbox', { name: /^lr/ }).fill(lr);
      await form.getByRole('button', { name: 'Run 1 job' }).click();
      await expect(jobs).toHaveCount(place + 1);
    }
    const last = jobs.filter({ hasText: 'lr=0.3' });
    await last.getByRole('button', { name: 'Cancel this job' }).click();
    await expect(last.getByRole('img', { name: 'cancelled' })).toBeVisible();
    await expect(jobs.getByRole('img', { name: 'finished' })).toHaveCount(2, { timeout: 120_000 });
  });
});
