import { expect, test } from '@jupyterlab/galata';

import { addNotebook } from './support/notebooks';
import { mainArea, openRuns, picture } from './support/runs';

const CELLS = [
  {
    source:
      'lr: float = 0.1  # how far each step goes\ndepth: int = 2\noptimizer = "adam"  # adam | sgd',
    tags: ['parameters']
  },
  'import time\nsteps = 6 + depth\nbonus = 0.02 if optimizer == "sgd" else 0.0',
  '%load_ext trackbook\n%track start churn\n%track goal accuracy max',
  'for step in range(steps):\n    accuracy = 0.9 - (lr - 0.3) ** 2 - 0.1 / (step + 1) + bonus\n    %track metric accuracy --step step\n    time.sleep(0.05)'
];

test('A sweep from the form to its best trial', async ({ page, tmpPath }) => {
  await addNotebook(page, `${tmpPath}/train.ipynb`, CELLS);
  await page.notebook.openByPath(`${tmpPath}/train.ipynb`);
  await page.notebook.activate('train.ipynb');
  await page.getByRole('button', { name: /Run this notebook as a job/ }).click();
  const sidebar = await openRuns(page);
  const form = mainArea(page);
  const set = (name: string) => form.getByRole('combobox', { name: `How ${name} is set` });
  await set('lr').selectOption('range');
  await form.getByRole('textbox', { name: 'Least lr' }).fill('0.5');
  await form.getByRole('textbox', { name: 'Greatest lr' }).fill('0.1');
  await expect(form.getByRole('alert')).toHaveText('The second number has to be the greater one');
  await form.getByRole('textbox', { name: 'Least lr' }).fill('0.1');
  await form.getByRole('textbox', { name: 'Greatest lr' }).fill('0.5');
  await form.getByRole('textbox', { name: 'Step of lr' }).fill('0.2');
  await set('optimizer').selectOption('list');
  await form.getByRole('textbox', { name: /^optimizer/ }).fill('adam, sgd');
  await form.getByRole('combobox', { name: 'Values are chosen' }).selectOption('grid');
  await expect(form.getByText('6 combinations')).toBeVisible();
  await form.getByRole('combobox', { name: 'Metric 1' }).fill('accuracy');
  await form.getByRole('textbox', { name: 'At the same time' }).fill('2');
  // The cells that would run once are told before anything runs, and what keeps the next one from it.
  const share = form.getByRole('checkbox', { name: /^run once/ });
  await share.check();
  const shared = form.getByRole('list', { name: 'Cells that run once' }).getByRole('listitem');
  await expect(shared).toHaveCount(1);
  await expect(form.getByText(/runs once for all trials; cell 2 uses optimizer/)).toBeVisible();
  await share.scrollIntoViewIfNeeded();
  await picture(page, 'sweep-form');
  await share.uncheck();
  await expect(shared).toHaveCount(0);
  await form.getByRole('button', { name: 'Run a sweep of 6 trials' }).click();
  const started = form.getByRole('listitem');
  await expect(started).toHaveCount(1);
  await started.getByRole('button', { name: 'train.ipynb' }).click();

  const area = mainArea(page);
  const trials = area.getByRole('grid', { name: 'Trials' });
  // Rows come while others still run or wait.
  await expect(trials.getByRole('row').nth(1)).toBeVisible({ timeout: 60_000 });
  await expect(area.getByText('6/6')).toBeVisible({ timeout: 120_000 });
  const best = trials.getByRole('row').filter({ has: page.getByRole('img', { name: 'best' }) });
  await expect(best).toHaveCount(1);
  await expect(best).toContainText('0.3');
  await expect(best).toContainText('sgd');
  await expect(trials.locator('.trackbook-Sparkline path')).toHaveCount(6);
  await expect(area.getByRole('img', { name: /^The best accuracy/ })).toBeVisible();
  await trials.getByRole('button', { name: /^accuracy/ }).click();
  await trials.getByRole('button', { name: /^accuracy/ }).click();
  await expect(trials.getByRole('row').nth(1)).toContainText('sgd');
  await trials.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Shift+ArrowDown');
  await expect(area.getByRole('toolbar', { name: 'Selected trials' })).toContainText('2 selected');
  await sidebar.getByText(/^Jobs/i).click();
  await expect(sidebar.getByRole('list', { name: 'Jobs' }).getByRole('listitem')).toHaveCount(1);
  await picture(page, 'sweep');
  await area.getByRole('tab', { name: 'Charts' }).click();
  await expect(area.getByRole('img', { name: /^6 trials over/ })).toBeVisible();
  await expect(
    area.getByRole('figure', { name: 'accuracy by lr' }).locator('svg').first()
  ).toBeVisible();
  await picture(page, 'sweep-charts');
  await area.getByRole('tab', { name: /^Trials/ }).click();
  await area.getByRole('button', { name: 'Compare' }).click();
  await expect(mainArea(page).getByRole('table')).toContainText('accuracy');
});
