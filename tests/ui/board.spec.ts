import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { expect, type IJupyterLabPageFixture, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import { addNotebook, serverRoot } from './support/notebooks';
import { mainArea, openRuns, picture } from './support/runs';

const COUNT = 60;

/** Fill a store by a script of ours, and show the board of its runs. */
async function openBoard(
  page: IJupyterLabPageFixture,
  tmpPath: string,
  ...scripts: string[][]
): Promise<Locator> {
  const folder = join(serverRoot(), tmpPath);
  mkdirSync(folder, { recursive: true });
  for (const [script, ...args] of scripts) {
    execFileSync('python', [join(__dirname, 'support', script), folder, ...args]);
  }
  await addNotebook(page, `${tmpPath}/train.ipynb`, ['']);
  await page.notebook.openByPath(`${tmpPath}/train.ipynb`);
  const sidebar = await openRuns(page);
  await expect(sidebar.getByRole('treeitem').first()).toBeVisible({ timeout: 120_000 });
  return showBoard(page);
}

async function showBoard(page: IJupyterLabPageFixture): Promise<Locator> {
  await page.evaluate(() => window.jupyterapp.commands.execute('trackbook:open-table'));
  await page.sidebar.close('left');
  await mainArea(page)
    .getByRole('combobox', { name: 'Charts', exact: true })
    .selectOption('right', { timeout: 60_000 });
  const board = page.getByRole('region', { name: 'Charts', exact: true });
  await expect(board).toBeVisible({ timeout: 60_000 });
  return board;
}

/** A picture of all charts of a board, in a window that has room for them. */
async function boardPicture(page: IJupyterLabPageFixture, board: Locator): Promise<void> {
  if (process.env.TRACKBOOK_SCREENSHOTS) {
    await page.setViewportSize({ width: 1700, height: 1300 });
    await board.evaluate(node => node.scrollTo(0, 0));
    await expect(board.getByText('Loading…')).toHaveCount(0);
    await picture(page, 'board');
    await page.setViewportSize({ width: 1280, height: 800 });
  }
}

test.describe('The board of charts', () => {
  test('draws, filters, selects, is arranged and saved', async ({ page, tmpPath }) => {
    test.setTimeout(240_000);
    const board = await openBoard(page, tmpPath, ['fill_board.py', String(COUNT)]);
    await board.getByRole('button', { name: 'Add them all' }).click({ timeout: 60_000 });
    const scatter = board.getByRole('figure', { name: 'acc by depth' });
    const dots = scatter.locator('.scatterlayer .point');
    await expect(dots).toHaveCount(COUNT, { timeout: 60_000 });

    await boardPicture(page, board);

    // What is read out of the curves has room, in a narrow chart, too.
    const curves = board.getByRole('figure', { name: 'acc', exact: true });
    const pointer = curves.getByRole('group', { name: 'Curves of acc' });
    await pointer.press('ArrowRight');
    await pointer.press('ArrowRight');
    const readings = curves.locator('.trackbook-Curves-tooltip');
    await expect(readings.getByText(/^and \d+ more$/)).toBeVisible();
    await expect(readings).toBeInViewport({ ratio: 0.99 });

    // Brushing an axis narrows all charts; taking the brush back shows all runs again.
    const parallel = board.getByRole('figure', { name: /to acc$/ });
    await parallel.scrollIntoViewIfNeeded();
    await expect(parallel.getByText(`${COUNT} runs`, { exact: true })).toBeVisible();
    const axis = parallel.getByRole('button', { name: /^Axis acc/ });
    const at = (await axis.boundingBox())!;
    const x = at.x + at.width / 2;
    await page.mouse.move(x, at.y + 40);
    await page.mouse.down();
    await page.mouse.move(x, at.y + 70, { steps: 3 });
    await page.mouse.move(x, at.y + 110, { steps: 3 });
    await page.mouse.up();
    const told = parallel.getByText(/runs within the brush/);
    await expect(told).toBeVisible();
    const kept = Number(/^\d+/.exec((await told.textContent()) ?? '')?.[0]);
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(COUNT);
    await expect(dots).toHaveCount(kept);
    await picture(page, 'board-parallel');
    await parallel.getByRole('button', { name: 'Clear', exact: true }).click();
    await expect(dots).toHaveCount(COUNT);

    // Dots that are drawn around are selected runs, over which all charts are then.
    await scatter.scrollIntoViewIfNeeded();
    await scatter.getByRole('button', { name: 'Lasso' }).click();
    const plot = (await scatter.locator('.plot-container').boundingBox())!;
    const corners = [
      [0.3, 0.1],
      [0.95, 0.1],
      [0.95, 0.8],
      [0.3, 0.8],
      [0.3, 0.12]
    ];
    for (const [place, [right, down]] of corners.entries()) {
      await page.mouse.move(plot.x + plot.width * right, plot.y + plot.height * down, { steps: 4 });
      if (place === 0) {
        await page.mouse.down();
      }
    }
    await page.mouse.up();
    const which = board.getByRole('combobox', { name: 'Which runs are drawn' });
    await expect(which.getByRole('option').first()).toHaveText(/^\d+ selected runs$/);
    const selected = parseInt((await which.getByRole('option').first().textContent()) ?? '', 10);
    await expect(dots).toHaveCount(selected);
    await which.selectOption('all');
    await expect(dots).toHaveCount(COUNT);

    // Charts are moved by the pointer and by the keyboard.
    const titles = () =>
      board.locator('[data-chart]').evaluateAll(all => all.map(one => one.ariaLabel));
    const before = await titles();
    expect(before[1]).toBe('acc by depth');
    const handle = (title: string | null) =>
      board.getByRole('button', { name: `Move ${title}`, exact: true });
    await handle(before[1]).press('ArrowLeft');
    await expect.poll(titles).toEqual([before[1], before[0], ...before.slice(2)]);
    const from = (await handle(before[1]).boundingBox())!;
    const to = (await handle(before[0]).boundingBox())!;
    await page.mouse.move(from.x + 5, from.y + 5);
    await page.mouse.down();
    await page.mouse.move(to.x + 60, to.y + 60, { steps: 8 });
    await page.mouse.up();
    await expect.poll(titles).toEqual(before);

    // A contour is added, its data are read as a table, and the scatter plot becomes a cell.
    await board.getByRole('combobox', { name: 'Add a chart' }).selectOption('contour');
    const contour = board.getByRole('figure', { name: /^acc over/ });
    await contour.scrollIntoViewIfNeeded();
    await expect(contour.locator('.contourlayer path').first()).toBeVisible();
    await contour.getByRole('button', { name: /Show the data/ }).click();
    await expect(contour.getByRole('row')).toHaveCount(COUNT + 1);
    await board.getByRole('button', { name: 'Save as…' }).click();
    await board.getByRole('textbox', { name: 'Name of the board' }).fill('Overview');
    await page.keyboard.press('Enter');
    await expect(board.getByRole('combobox', { name: 'Saved boards' })).toContainText('Overview');
    await scatter.getByRole('button', { name: 'Options of acc by depth' }).click();
    const download = page.waitForEvent('download');
    await scatter.getByRole('button', { name: 'PNG' }).click();
    expect((await download).suggestedFilename()).toBe('acc by depth.png');
    await scatter.getByRole('button', { name: 'Put into notebook' }).click();
    await page.notebook.activate('train.ipynb');
    await expect(page.locator('.jp-Notebook .jp-Cell').nth(1)).toContainText('tb.chart("scatter"');
  });

  test('shows classifiers and media of several runs', async ({ page, tmpPath }) => {
    test.setTimeout(240_000);
    const board = await openBoard(page, tmpPath, ['fill_captured.py'], ['fill_captured.py']);
    const add = board.getByRole('combobox', { name: 'Add a chart' });
    for (const kind of ['roc', 'confusion', 'media', 'tables']) {
      await add.selectOption(kind);
    }
    const roc = board.getByRole('figure', { name: 'ROC curves' });
    await expect(roc.locator('.js-line')).toHaveCount(7, { timeout: 60_000 });
    await roc.getByRole('combobox', { name: 'Class' }).selectOption('dog');
    await expect(roc.locator('.js-line')).toHaveCount(3);
    const matrices = board.getByRole('figure', { name: 'Confusion matrices' });
    await matrices.scrollIntoViewIfNeeded();
    await expect(matrices.getByRole('cell', { name: '1200' })).toHaveCount(2);
    const media = board.getByRole('figure', { name: /^Images and media/ });
    await media.scrollIntoViewIfNeeded();
    await media.getByRole('combobox', { name: 'Value' }).selectOption('sample');
    const sample = board.getByRole('figure', { name: 'sample' });
    await expect(sample.getByRole('img')).toHaveCount(2);
    await sample.getByRole('slider').press('Home');
    await expect(sample.getByRole('slider')).toHaveAttribute('aria-valuetext', /^\d+$/);
    const tables = board.getByRole('figure', { name: /^Tables/ });
    await tables.scrollIntoViewIfNeeded();
    await expect(tables.getByText('1797 rows · 3 columns')).toHaveCount(2);
    await matrices.scrollIntoViewIfNeeded();
    await picture(page, 'board-values');
  });
});
