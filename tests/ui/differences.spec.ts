import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { expect, type IJupyterLabPageFixture, test } from '@jupyterlab/galata';
import AxeBuilder from '@axe-core/playwright';

import { addNotebook, serverRoot } from './support/notebooks';
import { mainArea, openRun, openRuns, openTab, picture, runRow } from './support/runs';

async function fill(page: IJupyterLabPageFixture, tmpPath: string): Promise<void> {
  const folder = join(serverRoot(), tmpPath);
  mkdirSync(folder, { recursive: true });
  execFileSync('python', [join(__dirname, 'support/fill_differences.py'), folder]);
  await addNotebook(page, `${tmpPath}/train.ipynb`, ['x = 1']);
  await page.notebook.openByPath(`${tmpPath}/train.ipynb`);
  await page.notebook.activate('train.ipynb');
  await openRuns(page);
  await expect(runRow(page, 2)).toBeVisible({ timeout: 60_000 });
}

test('What changed since the best run is one click, down to the cells', async ({
  page,
  tmpPath
}) => {
  await fill(page, tmpPath);
  await runRow(page, 2).locator('.trackbook-RunRow').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'What Changed Since the Best Run' }).click();
  const area = mainArea(page);
  const row = (name: string) =>
    area.getByRole('row').filter({ has: page.getByRole('rowheader', { name, exact: true }) });
  await expect(row('lr').getByRole('cell')).toHaveText(['0.1', '0.01']);
  await expect(row('acc ↑').getByRole('cell').last()).toContainText('−0.05000 (−5.38 %) worse');
  await expect(row('churn (train)').getByRole('cell').last()).toContainText('column region added');
  await expect(row('shap').getByRole('cell')).toHaveText(['–', '0.48']);
  await expect(area.getByRole('columnheader').nth(1)).toContainText('churn #1');
  await picture(page, 'differences');

  // The code, with what was not committed.
  await area.getByRole('button', { name: 'Show commits and code from #1 to #2' }).click();
  await expect(area.getByText('Scale by a half')).toBeVisible();
  await expect(area.getByLabel('Difference of the code')).toContainText('+BIAS = 1');

  // Another baseline.
  await area.getByRole('button', { name: 'Compare with #2' }).click();
  await expect(area.getByRole('columnheader').nth(1)).toContainText('churn #2');
  await expect(row('acc ↑').getByRole('cell').last()).toContainText('better');
  await area.getByRole('button', { name: 'Compare with #1' }).click();
  await expect(area.getByRole('columnheader').nth(1)).toContainText('churn #1');

  // The cells: drawn by nbdime.
  await openTab(page, /^Cells/);
  const cell = (name: string) => area.getByRole('region', { name: `Cell: ${name}` });
  await expect(cell('lr = 0.01')).toContainText('source');
  await expect(cell('lr = 0.01')).toContainText('Right: ran 2 times, with 2 different texts');
  await expect(
    cell('lr = 0.01').locator('.cm-merge-r-inserted, .cm-merge-r-deleted').first()
  ).toBeVisible();
  await expect(cell('del train')).toContainText('removed');
  await expect(cell('show_importance(model)')).toContainText('added');
  await expect(cell('plot_confusion(model, test)').locator('img')).toHaveCount(2);
  await cell('model = make_model(depth=depth)').scrollIntoViewIfNeeded();
  await area.getByRole('button', { name: 'Show all of the outputs' }).click();
  await expect(area.getByRole('button', { name: 'Show all of the outputs' })).toBeHidden();

  // From difference to difference.
  await area.getByRole('button', { name: 'Next difference' }).click();
  await expect(area.locator('.trackbook-CellDifference.trackbook-mod-current')).toHaveCount(1);
  await expect(cell('# Churn').getByRole('button').first()).toBeFocused();
  await page.keyboard.press('F7');
  await expect(cell('lr = 0.01').getByRole('button').first()).toBeFocused();
  await page.keyboard.press('Shift+F7');
  await expect(cell('# Churn').getByRole('button').first()).toBeFocused();
  await picture(page, 'differences-cells');
  const found = await new AxeBuilder({ page })
    .include('.trackbook-ComparePanel')
    .exclude('.trackbook-CellDifference-content') // nbdime's own
    .analyze();
  const serious = found.violations.filter(one =>
    ['serious', 'critical'].includes(one.impact ?? '')
  );
  expect(serious.map(one => [one.id, one.nodes[0].html])).toEqual([]);
});

test('A run page compares with the best and the previous run', async ({ page, tmpPath }) => {
  await fill(page, tmpPath);
  await openRun(page, 1);
  await mainArea(page).getByRole('button', { name: 'Compare with previous' }).click();
  await expect(page.getByText('There is no earlier run of')).toBeVisible();
  await mainArea(page).getByRole('button', { name: 'Compare with best' }).click();
  await expect(page.getByText('The run is the best by acc; next is #2.')).toBeVisible();
  await expect(mainArea(page).getByRole('columnheader').nth(1)).toContainText('churn #2');
  await page.setViewportSize({ width: 800, height: 700 });
  await openTab(page, /^Cells/);
  await expect(mainArea(page).locator('.jp-Cell-diff').first()).toBeVisible();
  await mainArea(page).getByRole('button', { name: 'Swap the sides' }).click();
  await expect(mainArea(page).getByRole('combobox', { name: 'Left run' })).toHaveValue(/./);
});
