import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, type Page, test } from '@playwright/test';

import { makeNotebook, serverRoot } from './support/notebooks';
import { runRow } from './support/runs';

const FOLDER = 'notebook7';

const RUNS = `%load_ext trackbook
import trackbook as tb
for depth in (3, 5):
    with tb.start_run("seven", params={"depth": depth}) as run:
        run.metric("score", goal="max")
        for step in range(5):
            run.log({"score": depth * step / 20}, step=step)`;

/** Choose an entry of one of Notebook's menus. */
async function choose(page: Page, menu: string, entry: string): Promise<void> {
  await page.getByRole('menuitem', { name: menu, exact: true }).click();
  await page.getByRole('menuitem', { name: entry, exact: true }).click();
}

/** Execute a command of the palette by its label. */
async function execute(page: Page, label: string): Promise<void> {
  const entry = page.locator('.lm-CommandPalette-item.lm-mod-active');
  // While Notebook comes up it takes the keyboard to the first cell, which closes the palette again.
  await expect(async () => {
    await page.keyboard.press('Control+Shift+C');
    await page.locator('.lm-CommandPalette-input').fill(label, { timeout: 2_000 });
    await expect(entry).toContainText(label, { timeout: 2_000 });
    await entry.click({ timeout: 2_000 });
  }).toPass({ timeout: 60_000 });
}

test.afterEach(() => rmSync(join(serverRoot(), FOLDER), { recursive: true, force: true }));

test('Notebook 7 has the runs beside the notebook, and their pages and job forms below it', async ({
  page
}) => {
  const document = makeNotebook([{ source: 'depth = 3  # levels', tags: ['parameters'] }, RUNS]);
  mkdirSync(join(serverRoot(), FOLDER, '.trackbook'), { recursive: true });
  writeFileSync(join(serverRoot(), FOLDER, 'seven.ipynb'), JSON.stringify(document));
  await page.goto(`/notebooks/${FOLDER}/seven.ipynb`);
  await expect(page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]')).toBeVisible({
    timeout: 120_000
  });
  const sidebar = page.locator('#trackbook-sidebar');
  // Until Notebook has brought its layout back, it closes what is opened.
  await expect(async () => {
    // Notebook has a command of this name that also hides what is shown.
    if (!(await sidebar.isVisible())) {
      await execute(page, 'Show Runs');
    }
    await expect(sidebar).toBeVisible({ timeout: 2_000 });
  }).toPass({ timeout: 60_000 });
  await expect(sidebar.getByText('No runs yet')).toBeVisible();
  await choose(page, 'Run', 'Run All Cells');
  const row = sidebar.getByRole('treeitem', { name: /seven #2/ });
  await expect(row.getByRole('img', { name: 'finished' })).toBeVisible({ timeout: 60_000 });

  await row.locator('.trackbook-RunRow').dblclick();
  const shown = page.locator('.trackbook-MainArea:visible');
  await expect(shown.getByRole('heading', { level: 2 })).toContainText('seven #2');
  await expect(shown.getByRole('rowheader', { name: 'score' })).toBeVisible();
  expect((await shown.boundingBox())!.height).toBeGreaterThan(250);

  await execute(page, 'Run as Job');
  await expect(shown).toHaveCount(1);
  await expect(shown.getByRole('textbox', { name: /^depth/ })).toBeVisible();
  await row.locator('.trackbook-RunRow').dblclick();
  await expect(shown.getByRole('heading', { level: 2 })).toContainText('seven #2');

  // The differences of both runs.
  await runRow(page, 1).locator('.trackbook-RunRow-check').click();
  await row.locator('.trackbook-RunRow-check').click();
  await sidebar.getByRole('button', { name: 'Compare', exact: true }).click();
  await expect(shown).toHaveCount(1);
  const depth = shown.getByRole('row').filter({ hasText: 'depth' });
  await expect(depth.getByRole('cell')).toHaveText(['3', '5']);
  await shown.getByRole('tab', { name: 'Cells' }).click();
  await expect(shown.getByText(/same in both|are the same/).first()).toBeVisible();

  // The table, and the board of charts beside it.
  await sidebar.getByRole('button', { name: 'Open table' }).click();
  await expect(shown).toHaveCount(1);
  await expect(shown.getByRole('grid', { name: 'Runs' })).toHaveAttribute('aria-rowcount', '3');
  await expect(shown.getByRole('row', { selected: true })).toHaveCount(2);
  await shown.getByRole('combobox', { name: 'Charts', exact: true }).selectOption('right');
  const board = shown.getByRole('region', { name: 'Charts', exact: true });
  await board.getByRole('button', { name: 'Add them all' }).click({ timeout: 60_000 });
  await expect(board.locator('[data-chart] canvas, [data-chart] svg').first()).toBeVisible();
  expect((await board.boundingBox())!.height).toBeGreaterThan(250);
});
