import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { expect, type IJupyterLabPageFixture, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import { addNotebook, serverRoot } from './support/notebooks';
import { openRun, openRuns, openTab, picture } from './support/runs';

/** A run with everything that is captured. */
async function openCaptured(page: IJupyterLabPageFixture, tmpPath: string): Promise<Locator> {
  const folder = join(serverRoot(), tmpPath);
  mkdirSync(folder, { recursive: true });
  const script = join(__dirname, 'support/fill_captured.py');
  execFileSync('python', [script, folder]);
  await addNotebook(page, `${tmpPath}/train.ipynb`, ['']);
  await page.notebook.openByPath(`${tmpPath}/train.ipynb`);
  await openRuns(page);
  return openRun(page, 1);
}

test.describe('What a run captured', () => {
  test('values are shown by kind and step', async ({ page, tmpPath }) => {
    const area = await openCaptured(page, tmpPath);
    await openTab(page, /^Values/);
    const card = (name: string) => area.getByRole('figure', { name, exact: true });
    const image = card('sample').getByRole('img', { name: 'sample, step 10' });
    await expect
      .poll(() => image.evaluate(node => (node as HTMLImageElement).naturalWidth))
      .toBe(8);
    await card('sample').getByRole('slider').focus();
    await page.keyboard.press('ArrowLeft');
    await expect(card('sample').getByRole('img', { name: 'sample, step 5' })).toBeVisible();
    const matrix = card('confusion{subset=val}');
    await expect(matrix.getByRole('cell', { name: '1200' })).toBeVisible();
    await expect(matrix).toContainText('1326 of 1347 right');
    await picture(page, 'values');
    const roc = card('roc');
    await roc.scrollIntoViewIfNeeded();
    await expect(roc.locator('.js-line')).toHaveCount(4);
    await roc.getByRole('button', { name: /dog/ }).click();
    await expect(roc.getByRole('button', { name: /dog/ })).toHaveAttribute('aria-pressed', 'true');
    await card('weights').scrollIntoViewIfNeeded();
    await expect(card('weights').locator('.bars path')).toHaveCount(5);
    await card('predictions').scrollIntoViewIfNeeded();
    await expect(card('predictions')).toContainText(
      '1797 rows · 3 columns · the first 3 are shown'
    );
    await card('report').scrollIntoViewIfNeeded();
    await expect(card('report').frameLocator('iframe').getByText('Report')).toBeVisible();
    expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
    await card('bars').scrollIntoViewIfNeeded();
    await expect(card('bars').locator('.bars path')).toHaveCount(2);
    await card('broken').scrollIntoViewIfNeeded();
    await expect(card('broken').getByRole('alert')).toContainText('can’t be drawn');
    await area.getByRole('searchbox', { name: 'Filter values' }).fill('tone');
    await expect(card('tone').locator('audio')).toBeVisible();
    await expect(card('sample')).toBeHidden();
  });

  test('data, seeds, code and secrets are in one tab', async ({ page, tmpPath }) => {
    const area = await openCaptured(page, tmpPath);
    await openTab(page, /^Data & environment/);
    const row = (name: string) =>
      area.getByRole('row').filter({ has: page.getByRole('rowheader', { name }) });
    await expect(row('digits.csv')).toContainText('training');
    await expect(row('digits.csv')).toContainText('3d4c5e1a2f60');
    await row('digits.csv')
      .getByRole('button', { name: /41 columns/ })
      .click();
    await expect(area.getByRole('list', { name: 'Columns of digits.csv' })).toContainText('label');
    await expect(area).toContainText('events.parquet changed while it was read');
    await expect(area).toContainText('It could not be read: Permission denied');
    await expect(area.getByRole('group', { name: 'Masked secrets' })).toContainText(
      'value of OPENAI_API_KEY in output of cell c-train'
    );
    await picture(page, 'data');
    await area.getByRole('button', { name: 'Show what was not committed' }).click();
    await expect(area.locator('.trackbook-mod-added')).toHaveText('+SCALE = 0.5\n');
    await expect(area).toContainText('all of it was 2.0 MB');
    await area.getByRole('button', { name: 'Show the file' }).click();
    await expect(area.getByText('numpy==2.3.4')).toBeVisible();
    await row('digits.csv')
      .getByRole('button', { name: /In \[1\]/ })
      .click();
    const cell = area.locator('.trackbook-Cell.trackbook-mod-shown');
    await expect(cell).toBeInViewport();
    await expect(cell).toContainText('# c-load');
  });

  test('system metrics have a tab of their own', async ({ page, tmpPath }) => {
    const area = await openCaptured(page, tmpPath);
    await expect(area.getByRole('rowheader', { name: /^acc/ })).toBeVisible();
    await expect(area.getByText('system/cpu')).toBeHidden();
    await openTab(page, /^Charts/);
    await expect(area.getByRole('figure')).toHaveCount(1);
    await openTab(page, /^System/);
    const cpu = area.getByRole('figure', { name: 'CPU, %' });
    await expect(cpu.locator('.js-line')).toHaveCount(2);
    await expect(area.getByRole('figure', { name: 'Memory, B' })).toContainText('9.8 GB');
    await expect(area.getByRole('figure', { name: /^GPU/ })).toHaveCount(2);
    await picture(page, 'system');
  });

  test('cells have names and a verdict', async ({ page, tmpPath }) => {
    const area = await openCaptured(page, tmpPath);
    await openTab(page, /^Cells/);
    await expect(area.getByText('2 cells need a look')).toBeVisible();
    const cell = area.locator('.trackbook-Cell').nth(1);
    await expect(cell).toContainText('reads frame, labels');
    await expect(cell).toContainText('edited since Its text has changed since it ran.');
    await expect(area.locator('.trackbook-Verdict')).toContainText('never run');
  });

  test('models say what they take, and whether they are safe', async ({ page, tmpPath }) => {
    const area = await openCaptured(page, tmpPath);
    await openTab(page, /^Artifacts/);
    const model = (name: string) => area.getByRole('group', { name: `Model ${name}` });
    await expect(model('classifier')).toContainText('sklearn');
    await expect(model('classifier').getByRole('list', { name: 'Inputs' })).toContainText(
      'pixel_11 float64'
    );
    await expect(model('classifier')).not.toContainText('Unsafe');
    await expect(model('legacy')).toContainText('Unsafe to load');
  });
});
