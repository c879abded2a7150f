import { expect, type IJupyterLabPageFixture, test } from '@jupyterlab/galata';

import { addExample } from './support/notebooks';
import {
  curvesOf,
  mainArea,
  openRun,
  openRuns,
  openTab,
  picture,
  runRow,
  startCell
} from './support/runs';

/** The cells of examples/digits.ipynb that run before the training, that which trains, and those after it. */
const BEFORE = [1, 2, 4, 6];
const TRAINING = 7;
const AFTER = [9, 10, 11];

/** Run the notebook as a sweep over each pair of some learning rates and layer sizes: run 1, its trials 2 to 7. */
async function runSweep(page: IJupyterLabPageFixture): Promise<void> {
  await page.getByRole('button', { name: /Run this notebook as a job/ }).click();
  const form = mainArea(page);
  for (const [name, values] of [
    ['learning_rate', '0.003, 0.03, 0.3'],
    ['hidden', '16, 64']
  ]) {
    await form.getByRole('combobox', { name: `How ${name} is set` }).selectOption('list');
    await form.getByRole('textbox', { name: new RegExp(`^${name}`) }).fill(values);
  }
  await form.getByRole('textbox', { name: 'At the same time' }).fill('2');
  await picture(page, 'job-form');
  await form.getByRole('button', { name: 'Run a sweep of 6 trials' }).click();
  await form.getByRole('listitem').getByRole('button', { name: 'digits.ipynb' }).click();
  await expect(mainArea(page).getByText('6/6')).toBeVisible({ timeout: 300_000 });
}

/** From the first cell to a comparison; the documentation shows how it looks. */
test('The example is swept, tracked and compared', async ({ page, tmpPath }) => {
  test.setTimeout(600_000);
  await addExample(page, 'digits.ipynb', `${tmpPath}/digits.ipynb`);
  await page.notebook.openByPath(`${tmpPath}/digits.ipynb`);
  await page.notebook.activate('digits.ipynb');
  await openRuns(page);
  await page.sidebar.setWidth(340, 'left');
  await runSweep(page);

  await page.getByRole('main').getByRole('tab', { name: 'digits.ipynb', exact: true }).click();
  for (const index of BEFORE) {
    await page.notebook.runCell(index, true);
  }
  await startCell(page, TRAINING);
  await expect(runRow(page, 8).locator('.trackbook-Sparkline path')).toHaveAttribute('d', /L.+L/);
  await picture(page, 'sidebar');
  for (const index of AFTER) {
    await page.notebook.runCell(index, true);
  }
  await expect(runRow(page, 8).getByRole('img', { name: 'finished' })).toBeVisible();

  await runRow(page, 8).locator('.trackbook-RunRow').dblclick();
  const detail = mainArea(page);
  await expect(detail.getByRole('rowheader', { name: 'learning_rate' })).toBeVisible();
  await picture(page, 'overview');
  await openTab(page, /^Charts/);
  await expect(curvesOf(detail, 'accuracy')).toHaveAttribute('data-lines', '1');
  await picture(page, 'detail');
  await openTab(page, /^Cells/);
  await expect(detail.locator('.trackbook-Source').first()).toContainText('%track start digits');
  await picture(page, 'cells');
  await openTab(page, /^Artifacts/);
  await expect(detail.getByRole('img', { name: 'confusion-matrix.png' })).toBeVisible();
  await picture(page, 'artifacts');

  for (const number of [3, 5, 7]) {
    await runRow(page, number).locator('.trackbook-RunRow-check').click();
  }
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  const compared = mainArea(page);
  await expect(compared.getByRole('rowheader', { name: 'learning_rate' })).toBeVisible();
  await expect(compared.getByRole('img', { name: 'best' }).first()).toBeVisible();
  await picture(page, 'compare');
  await openTab(page, /^Curves/);
  await expect(curvesOf(compared, 'accuracy')).toHaveAttribute('data-lines', '3');
  await picture(page, 'curves');

  await page.sidebar.setWidth(250, 'left');
  await runRow(page, 7).locator('.trackbook-RunRow-caret').click();
  await expect(page.getByRole('treeitem').getByText('Parameters')).toBeVisible();
  await picture(page, 'narrow');
});

/** Every kind of value, from the notebook that the documentation leads through. */
test('The tour of values is run and looked at', async ({ page, tmpPath }) => {
  test.setTimeout(300_000);
  await addExample(page, 'tracking.ipynb', `${tmpPath}/tracking.ipynb`);
  await page.notebook.openByPath(`${tmpPath}/tracking.ipynb`);
  await page.notebook.activate('tracking.ipynb');
  await openRuns(page);
  await page.sidebar.setWidth(300, 'left');
  await page.notebook.run();
  await expect(runRow(page, 1).getByRole('img', { name: 'finished' })).toBeVisible();
  await expect(
    page.locator('.jp-RenderedText[data-mime-type="application/vnd.jupyter.stderr"]')
  ).toHaveCount(0);
  await page.getByRole('heading', { name: /^How good it is/ }).scrollIntoViewIfNeeded();
  await picture(page, 'tour-notebook');

  await openRun(page, 1);
  const values = await openTab(page, /^Values/);
  for (const name of [/^weights/, /^pull/, /^confusion/, /^roc/, /^wrong/, /^tone/, /^square/]) {
    await expect(values.getByRole('figure', { name })).toBeVisible();
  }
  await values.getByRole('figure', { name: /^confusion/ }).scrollIntoViewIfNeeded();
  await picture(page, 'tour-values');
});
