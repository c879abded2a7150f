import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { AxeBuilder } from '@axe-core/playwright';
import { expect, type IJupyterLabPageFixture, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import { addNotebook, serverRoot } from './support/notebooks';
import { mainArea, openRuns, picture } from './support/runs';

const COUNT = 700;

/** Make a store with that many runs, and open its table. */
async function openTable(
  page: IJupyterLabPageFixture,
  tmpPath: string,
  count: number
): Promise<Locator> {
  const folder = join(serverRoot(), tmpPath);
  mkdirSync(folder, { recursive: true });
  execFileSync('python', [join(__dirname, 'support/fill_store.py'), folder, String(count)]);
  await addNotebook(page, `${tmpPath}/train.ipynb`, ['']);
  await page.notebook.openByPath(`${tmpPath}/train.ipynb`);
  const sidebar = await openRuns(page);
  // Reading the journals of so many runs for the first time takes the server a while.
  await expect(sidebar.getByRole('treeitem').first()).toHaveAttribute(
    'aria-setsize',
    String(count),
    { timeout: 300_000 }
  );
  await sidebar.getByRole('button', { name: 'Open table' }).click();
  await page.sidebar.close('left');
  const area = mainArea(page);
  await expect(gridOf(area)).toHaveAttribute('aria-rowcount', String(count + 1), {
    timeout: 120_000
  });
  return area;
}

/** What readers read of the grid. */
function gridOf(area: Locator): Locator {
  return area.locator('.trackbook-Grid-mirror');
}

/** A row of the grid, the first below the heads being 1. */
function gridRow(area: Locator, row: number): Locator {
  return gridOf(area).locator(`[role="row"][aria-rowindex="${row + 1}"]`);
}

/** A cell of a row, in the column of that name. */
async function cell(area: Locator, row: number, column: string): Promise<Locator> {
  const head = gridOf(area).getByRole('columnheader', { name: column, exact: true });
  await expect(head).toHaveAttribute('aria-colindex', /\d/);
  const place = await head.getAttribute('aria-colindex');
  return gridRow(area, row).locator(`[aria-colindex="${place}"]`);
}

/** The head of a column. */
function head(area: Locator, column: string): Locator {
  return gridOf(area).getByRole('columnheader', { name: column, exact: true });
}

/** Click where something is drawn: the elements for readers let the mouse through to the canvas. */
async function press(target: Locator, options: Parameters<Locator['click']>[0] = {}) {
  await target.click({ force: true, ...options });
}

/** What the workspace holds of the table by now; JupyterLab saves it a moment after each change. */
function remembered(page: IJupyterLabPageFixture) {
  return page.evaluate(async () => {
    const { data } = await window.jupyterapp.serviceManager.workspaces.fetch('default');
    const keys = Object.keys(data);
    const key = keys.find(key => key.startsWith('trackbook:table:')) ?? '';
    const state = data[key] as unknown as
      { spec: { order_by: unknown[] }; view: unknown } | undefined;
    return {
      isOpen: keys.some(key => key.startsWith('trackbook-tables')),
      hasView: Boolean(state?.view),
      order: state?.spec.order_by
    };
  });
}

test('The run table: sorted, searched, selected, edited and saved as a view', async ({
  page,
  tmpPath
}) => {
  test.setTimeout(400_000);
  const area = await openTable(page, tmpPath, COUNT);
  await expect(await cell(area, 1, 'number')).toHaveText(String(COUNT));
  await expect(await cell(area, 1, 'status')).toHaveText('finished');
  await picture(page, 'table');

  // By a click up, by another down, with Shift by one more.
  await press(head(area, 'number'));
  await expect(await cell(area, 1, 'number')).toHaveText('1');
  await press(head(area, 'number'));
  await expect(await cell(area, 1, 'number')).toHaveText(String(COUNT));
  await press(head(area, 'params.lr'));
  await expect(head(area, 'params.lr')).toHaveAttribute('aria-sort', 'ascending');
  await press(head(area, 'metrics.acc'), { modifiers: ['Shift'] });
  await expect(head(area, 'metrics.acc')).toHaveAttribute('aria-sort', 'ascending');
  await expect(await cell(area, 1, 'params.lr')).toHaveText('0.01');

  // A search that can't be read is marked where it stumbles; one that can filters.
  const search = area.getByRole('combobox', { name: 'Search runs' });
  await search.fill('params.seed >> 3');
  await expect(area.getByRole('alert').locator('mark')).toHaveText('>');
  await picture(page, 'table-search-error');
  await search.fill('params.se');
  await expect(area.getByRole('option', { name: /params\.seed/ })).toBeVisible();
  await picture(page, 'table-search');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(search).toHaveValue('params.seed ');
  await search.pressSequentially('<= 20');
  await page.keyboard.press('Enter');
  await expect(gridOf(area)).toHaveAttribute('aria-rowcount', '21');

  // With the keyboard alone: to the grid, down, a box, a range.
  await page.keyboard.press('Escape');
  await expect(search).toHaveValue('');
  await search.fill('params.seed <= 20');
  await page.keyboard.press('Enter');
  await expect(gridOf(area)).toHaveAttribute('aria-rowcount', '21');
  await page.keyboard.press('ArrowDown');
  await expect(gridOf(area)).toBeFocused();
  await page.keyboard.press('Control+Home');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press(' ');
  await page.keyboard.press('Shift+ArrowDown');
  await expect(gridRow(area, 3)).toHaveAttribute('aria-selected', 'true');
  await expect(area.getByRole('status').getByText('2 selected')).toBeVisible();

  // A name is edited over its cell.
  await press(await cell(area, 1, 'name'), { clickCount: 2 });
  const name = area.getByRole('textbox', { name: 'Name' });
  await name.fill('the best of all');
  await name.press('Enter');
  await expect(await cell(area, 1, 'name')).toHaveText('the best of all', { timeout: 60_000 });

  // Into the trash and back.
  await area.getByRole('button', { name: 'Move to trash' }).click();
  await expect(gridOf(area)).toHaveAttribute('aria-rowcount', '19', { timeout: 60_000 });
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(gridOf(area)).toHaveAttribute('aria-rowcount', '21', { timeout: 60_000 });

  // What is set up is saved under a name, and comes back after a reload.
  await area.getByRole('button', { name: /^Views/ }).click();
  await area.getByRole('button', { name: 'Save as…' }).click();
  await area.getByRole('textbox', { name: 'Name of the view' }).fill('first twenty');
  await page.keyboard.press('Enter');
  await expect(
    area.getByRole('button', { name: 'first twenty', exact: true, expanded: false })
  ).toBeVisible();
  await page.keyboard.press('Escape');
  await press(head(area, 'number'));
  await expect(area.getByRole('button', { name: /^first twenty.*changed/ })).toBeVisible();
  const order = [expect.objectContaining({ column: 'number' })];
  await expect.poll(() => remembered(page)).toEqual({ isOpen: true, hasView: true, order });
  // Galata would wait for a launcher, which is not what was open.
  const options = { waitUntil: 'load' as const, waitForIsReady: false };
  await page.reload(options);
  await expect(gridOf(mainArea(page))).toHaveAttribute('aria-rowcount', '21', { timeout: 120_000 });
  await expect(area.getByRole('button', { name: /^first twenty.*changed/ })).toBeVisible();
});

test('The run table: groups, columns, charts beside it, read by readers', async ({
  page,
  tmpPath
}) => {
  test.setTimeout(300_000);
  const area = await openTable(page, tmpPath, 120);

  // What is shown is copied: groups, while no run is selected.
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await area.getByRole('button', { name: 'Copy as Markdown' }).click();
  await expect(area.getByText('120 runs were copied.')).toBeVisible();

  // Groups open and close with the arrows, and say what their numbers are like.
  await area.getByRole('button', { name: 'Group', exact: true }).click();
  await area.getByRole('combobox', { name: 'Group by' }).selectOption('params.lr');
  await expect(gridOf(area)).toHaveAttribute('aria-rowcount', '5');
  await page.keyboard.press('Escape');
  await expect(gridRow(area, 1)).toHaveAttribute('aria-expanded', 'false');
  await area.getByRole('button', { name: 'Copy as CSV' }).click();
  await expect(area.getByText('4 groups were copied.')).toBeVisible();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toMatch(/^lr,count,.*mean of acc/);
  await expect(await cell(area, 1, 'Groups: params.lr')).toContainText(/^0\.01 \(\d+\)$/);
  await gridOf(area).focus();
  await press(await cell(area, 1, 'Groups: params.lr'), { position: { x: 60, y: 10 } });
  await page.keyboard.press('ArrowRight');
  await expect(gridRow(area, 1)).toHaveAttribute('aria-expanded', 'true');
  await expect(gridRow(area, 2)).toHaveAttribute('data-run', /./);
  await picture(page, 'table-groups');
  await gridOf(area).focus();
  await page.keyboard.press('ArrowLeft');
  await expect(gridRow(area, 1)).toHaveAttribute('aria-expanded', 'false');

  // The box of a group selects its runs, and says so.
  await press(await cell(area, 1, 'Selected'));
  await expect(area.getByRole('status').getByText(/· \d+ selected/)).toBeVisible();
  await expect(gridRow(area, 1)).toHaveAttribute('aria-selected', 'true');
  await press(await cell(area, 1, 'Selected'));
  await expect(gridRow(area, 1)).toHaveAttribute('aria-selected', 'false');

  // A column by arithmetic; what can't be read is told where it was typed.
  await area.getByRole('button', { name: 'Columns', exact: true }).click();
  const own = area.getByRole('textbox', { name: 'Column by arithmetic' });
  await own.fill('metrics.acc / ');
  await own.press('Enter');
  await expect(area.getByRole('dialog').getByRole('alert')).toBeVisible();
  await own.fill('metrics.acc / metrics.loss');
  await own.press('Enter');
  await expect(head(area, 'metrics.acc / metrics.loss')).toBeInViewport();
  await picture(page, 'table-columns');
  await area.getByRole('button', { name: 'min metrics.loss' }).click();
  await expect(head(area, 'min(metrics.loss)')).toBeInViewport();
  await page.keyboard.press('Escape');

  // A head that is dragged moves its column; its menu hides it.
  const place = await head(area, 'metrics.acc').getAttribute('aria-colindex');
  await head(area, 'metrics.loss').dragTo(head(area, 'metrics.acc'), { force: true });
  await expect(head(area, 'metrics.loss')).toHaveAttribute('aria-colindex', place!);
  await gridOf(area).focus();
  await page.keyboard.press('Home');
  // What readers read follows the canvas a moment later.
  const leftOf = async (column: string) => (await head(area, column).boundingBox())!.x;
  await expect.poll(async () => (await leftOf('status')) > (await leftOf('name'))).toBe(true);
  await press(head(area, 'experiment'), { button: 'right' });
  await page.getByRole('menuitem', { name: 'Hide Column' }).click();
  await expect(head(area, 'experiment')).toHaveCount(0);

  // A search without answers says how to get out of it.
  await area.getByRole('combobox', { name: 'Search runs' }).fill('params.lr > 9');
  await page.keyboard.press('Enter');
  await expect(area.getByText('No run matches this search.')).toBeVisible();
  await area.getByRole('combobox', { name: 'Search runs' }).fill('params.lrr > 0');
  await page.keyboard.press('Enter');
  await expect(area.getByText('No run has params.lrr.')).toBeVisible();
  await area.getByRole('button', { name: 'Did you mean params.lr?' }).click();
  await expect(area.getByRole('combobox', { name: 'Search runs' })).toHaveValue('params.lr > 0');
  await expect(gridOf(area)).toHaveAttribute('aria-rowcount', '5');
  await area.getByRole('combobox', { name: 'Search runs' }).fill('params.lr > 9');
  await page.keyboard.press('Enter');
  await area.getByRole('button', { name: 'Show all runs' }).click();
  await expect(gridOf(area)).toHaveAttribute('aria-rowcount', '5');

  // Charts stand beside the table.
  await area.getByRole('combobox', { name: 'Charts' }).selectOption('right');
  await expect(area.getByRole('region', { name: 'Charts' })).toBeVisible({ timeout: 60_000 });
  await area.getByRole('button', { name: 'acc by depth', exact: true }).click();
  const chart = area.getByRole('figure', { name: 'acc by depth' });
  await expect(chart.locator('.scatterlayer .point')).toHaveCount(120, { timeout: 60_000 });
  await area.getByRole('combobox', { name: 'Charts' }).selectOption('below');
  await area.getByRole('combobox', { name: 'Charts' }).selectOption('hidden');
  await expect(area.getByRole('region', { name: 'Charts' })).toBeHidden();

  const found = await new AxeBuilder({ page }).include('.trackbook-RunTable').analyze();
  const serious = found.violations.filter(({ impact }) =>
    ['serious', 'critical'].includes(impact ?? '')
  );
  expect(serious.map(({ id, nodes }) => [id, nodes.map(node => node.html)])).toEqual([]);
  await page.setViewportSize({ width: 600, height: 700 });
  await area.getByRole('button', { name: 'Columns', exact: true }).click();
  await expect(area.getByRole('dialog')).toBeInViewport({ ratio: 0.99 });
});
