import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { expect, type IJupyterLabPageFixture, test } from '@jupyterlab/galata';
import { type Locator } from '@playwright/test';

import { addNotebook, serverRoot } from './support/notebooks';
import { curvesOf, mainArea, openRuns, openTab, picture } from './support/runs';

const RUNS = 12;
const POINTS = 20_000;
/** How many learning rates the runs have. */
const RATES = 5;

/** A comparison of runs with long series, at its curves. */
async function openCurves(page: IJupyterLabPageFixture, tmpPath: string): Promise<Locator> {
  const folder = join(serverRoot(), tmpPath);
  mkdirSync(folder, { recursive: true });
  const script = join(__dirname, '../../benchmarks/curves.py');
  const sizes = ['--runs', String(RUNS), '--points', String(POINTS)];
  execFileSync('python', [script, '--fill', folder, ...sizes]);
  await addNotebook(page, `${tmpPath}/train.ipynb`, ['']);
  await page.notebook.openByPath(`${tmpPath}/train.ipynb`);
  await openRuns(page);
  const rows = page.getByRole('treeitem');
  await expect(rows.first()).toHaveAttribute('aria-setsize', String(RUNS));
  await rows.first().locator('.trackbook-RunRow').click();
  for (let place = 0; place < RUNS; place += 1) {
    await page.keyboard.press('Space');
    await page.keyboard.press('ArrowDown');
  }
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  await openTab(page, /^Curves/);
  return mainArea(page);
}

/** The numbers that a chart says of itself. */
async function said(chart: Locator, name: 'from' | 'to' | 'points' | 'lines'): Promise<number> {
  return Number(await chart.getAttribute(`data-${name}`));
}

test('Curves are zoomed to each point, and read', async ({ page, tmpPath }) => {
  const area = await openCurves(page, tmpPath);
  const chart = curvesOf(area, 'loss');
  await expect(chart).toHaveAttribute('data-lines', String(RUNS));
  // No more than the pixels can show.
  expect(await said(chart, 'points')).toBeLessThan(RUNS * 2200);
  await expect(area.getByRole('list', { name: 'Runs' }).getByRole('button')).toHaveCount(RUNS);
  const box = (await chart.boundingBox())!;
  const middle = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width / 2, middle);
  const tooltip = chart.locator('.trackbook-Curves-tooltip');
  await expect(tooltip).toContainText('step');
  await expect(tooltip.getByRole('row', { includeHidden: true })).toHaveCount(RUNS);
  await picture(page, 'curves-zoom');

  // A stretch that is dragged over comes with all of its points: first a part, then some steps alone.
  for (let time = 0; time < 3; time += 1) {
    const before = (await said(chart, 'to')) - (await said(chart, 'from'));
    await page.mouse.move(box.x + box.width * 0.45, middle);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.55, middle, { steps: 4 });
    await page.mouse.up();
    await expect
      .poll(async () => (await said(chart, 'to')) - (await said(chart, 'from')))
      .toBeLessThan(before / 4);
  }
  await expect
    .poll(async () => {
      const width = Math.floor(await said(chart, 'to')) - Math.ceil(await said(chart, 'from')) + 1;
      // With the next point on each side.
      return (await said(chart, 'points')) - RUNS * (width + 2);
    })
    .toBe(0);
  await chart.dblclick({ position: { x: box.width / 2, y: 40 } });
  await expect.poll(() => said(chart, 'to')).toBe(POINTS - 1);

  // With the keyboard alone.
  await page.mouse.move(5, 5);
  await expect(tooltip).toBeHidden();
  const pointer = chart.getByRole('group', { name: 'Curves of loss' });
  await pointer.focus();
  await page.keyboard.press('ArrowRight');
  await expect(pointer.locator('[aria-live]')).toContainText(/^step \d+, churn #/);
  await page.keyboard.press('+');
  await expect.poll(() => said(chart, 'to')).toBeLessThan(POINTS * 0.9);
  await page.keyboard.press('Escape');
  await expect.poll(() => said(chart, 'to')).toBe(POINTS - 1);

  // Smoothed, with a mean in place of the runs that share a value, and over another metric.
  const drawn = () =>
    chart
      .locator('canvas')
      .first()
      .evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
  const rough = await drawn();
  await area.getByRole('slider', { name: 'Smoothing' }).fill('0.9');
  await expect.poll(drawn).not.toBe(rough);
  await area.getByRole('combobox', { name: 'Mean over' }).selectOption({ label: 'lr' });
  await expect(chart).toHaveAttribute('data-lines', String(RATES));
  await picture(page, 'curves-band');
  await area.getByRole('combobox', { name: 'Horizontal' }).selectOption({ label: 'tokens' });
  await expect.poll(() => said(chart, 'to')).toBeGreaterThan(POINTS * 100);
  await page.mouse.move(box.x + box.width / 2, middle);
  await expect(tooltip).toContainText('tokens');
});
