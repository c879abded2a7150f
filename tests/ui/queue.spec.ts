import { expect, type IJupyterLabPageFixture, test } from '@jupyterlab/galata';

import { addNotebook, serverRoot } from './support/notebooks';
import { mainArea, openRuns, picture, writeCell } from './support/runs';
import { join } from 'node:path';
import { readFileSync, writeFileSync } from 'node:fs';

const CELLS = [
  { source: 'lr = 0.1', tags: ['parameters'] },
  'import pathlib, time\nprint("loading", flush=True)\npathlib.Path("loaded.txt").open("a").write("x")',
  'for step in range(3000):\n    if pathlib.Path("go").exists():\n        break\n    print("step", step, flush=True)\n    time.sleep(0.1)',
  'assert lr < 1, "too fast"\nprint("done")'
];

/** Show a tab of the main area; pages have tabs of their own, some of the same name. */
async function showTab(page: IJupyterLabPageFixture, name: string): Promise<void> {
  await page.locator('.lm-DockPanel-tabBar').getByRole('tab', { name, exact: true }).click();
}

/** Open the form of the notebook, and run it once. */
async function runJob(page: IJupyterLabPageFixture, lr: string): Promise<void> {
  await page.activity.activateTab('Job: train.ipynb');
  const form = mainArea(page);
  await form.getByRole('textbox', { name: /^lr/ }).fill(lr);
  await form.getByRole('button', { name: /[Rr]un 1 job$/ }).click();
}

test('The queue: live, cancelled, failed at its cell, resumed after a correction', async ({
  page,
  tmpPath
}) => {
  test.setTimeout(300_000);
  await addNotebook(page, `${tmpPath}/train.ipynb`, CELLS);
  await page.notebook.openByPath(`${tmpPath}/train.ipynb`);
  await page.notebook.activate('train.ipynb');
  await page.getByRole('button', { name: /Run this notebook as a job/ }).click();
  await expect(mainArea(page).getByRole('textbox', { name: /^lr/ })).toBeVisible();
  const sidebar = await openRuns(page);
  await runJob(page, '0.5');
  await runJob(page, '7');
  await sidebar.getByText(/^Jobs/i).click();
  // While the section grows, what is pressed may have moved before it is let go.
  const waiting = sidebar.getByRole('list', { name: 'Jobs' }).getByText('place 1');
  await expect(waiting).toBeVisible({ timeout: 60_000 });
  await sidebar.getByRole('button', { name: 'Show jobs and sweeps in the main area' }).click();

  // One runs, and what its cell says is there as it comes; the other one has a place.
  const area = mainArea(page);
  const jobs = area.getByRole('grid', { name: 'Jobs' });
  const row = (lr: string) => jobs.getByRole('row').filter({ hasText: `lr=${lr}` });
  await expect(row('0.5').getByRole('img', { name: 'running' })).toBeVisible({ timeout: 60_000 });
  await expect(row('7')).toContainText('place 1');
  await expect(area.getByText(/1 of \d+ busy/)).toBeVisible();
  await row('0.5').click();
  const detail = area.getByRole('region', { name: 'The job train.ipynb' });
  const cell = detail.getByRole('region', { name: 'The cell that runs now' });
  await expect(cell.getByText(/^step \d+$/m).last()).toBeVisible({ timeout: 60_000 });
  await expect(detail.getByRole('progressbar', { name: /^Cell \d of \d$/ })).toBeVisible();
  await picture(page, 'queue');
  await detail.getByRole('button', { name: 'Cancel' }).click();
  await expect(row('0.5').getByRole('img', { name: 'cancelled' })).toBeVisible({ timeout: 60_000 });

  // The next one fails at its last cell, which a notification tells who looks at something else.
  await showTab(page, 'train.ipynb');
  writeFileSync(join(serverRoot(), tmpPath, 'go'), '');
  const news = page.getByText('train.ipynb has failed in cell 4: AssertionError: too fast');
  await expect(news).toBeVisible({ timeout: 120_000 });
  await showTab(page, 'Jobs');
  await row('7').click();
  await expect(detail).toContainText('Cell 4 failed');
  const plan = detail.getByRole('region', { name: 'Going on' });
  await expect(plan).toContainText('go on at cell 4');
  await picture(page, 'queue-failure');

  // Corrected in the editor and not saved, it goes on from there: what came before is not run again.
  await showTab(page, 'train.ipynb');
  await writeCell(page, 3, 'assert lr < 10, "too fast"\nprint("done")');
  await showTab(page, 'Jobs');
  await plan.getByRole('button', { name: 'Resume' }).click();
  await expect(page.getByText('train.ipynb goes on, as it stands in the editor.')).toBeVisible();
  await expect(row('7').getByRole('img', { name: 'finished' })).toBeVisible({ timeout: 120_000 });
  const loaded = readFileSync(join(serverRoot(), tmpPath, 'loaded.txt'), 'utf8');
  expect(loaded).toBe('xx');

  // Once more, as it was frozen: it fails again.
  const failed = row('7').filter({ has: page.getByRole('img', { name: 'failed' }) });
  await failed.click();
  await detail.getByRole('button', { name: 'Retry' }).click();
  await expect(failed).toHaveCount(2, { timeout: 120_000 });
});
