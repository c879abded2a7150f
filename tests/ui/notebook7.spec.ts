import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, type Page, test } from '@playwright/test';

import { makeNotebook, serverRoot } from './support/notebooks';

const FOLDER = 'notebook7';

/** Choose an entry of one of Notebook's menus. */
async function choose(page: Page, menu: string, entry: string): Promise<void> {
  await page.getByRole('menuitem', { name: menu, exact: true }).click();
  await page.getByRole('menuitem', { name: entry, exact: true }).click();
}

/** Execute a command of the palette by its label. */
async function execute(page: Page, label: string): Promise<void> {
  await page.keyboard.press('Control+Shift+C');
  await page.locator('.lm-CommandPalette-input').fill(label);
  await expect(page.locator('.lm-CommandPalette-item.lm-mod-active')).toContainText(label);
  await page.keyboard.press('Enter');
}

test.afterEach(() => rmSync(join(serverRoot(), FOLDER), { recursive: true, force: true }));

// Behind other tests of a session Notebook's side panel closes again by itself, which is not understood yet.
test.skip(
  !process.env.TRACKBOOK_NOTEBOOK7,
  'by hand: TRACKBOOK_NOTEBOOK7=1 jlpm test:ui notebook7.spec.ts'
);

test('Notebook 7 has the runs beside the notebook, and their pages and job forms below it', async ({
  page
}) => {
  const document = makeNotebook([
    { source: 'depth = 3  # levels', tags: ['parameters'] },
    '%load_ext trackbook\n%track start seven\n%track metric score=0.5 --step 0\n%track end'
  ]);
  mkdirSync(join(serverRoot(), FOLDER, '.trackbook'), { recursive: true });
  writeFileSync(join(serverRoot(), FOLDER, 'seven.ipynb'), JSON.stringify(document));
  await page.goto(`/notebooks/${FOLDER}/seven.ipynb`);
  await expect(page.locator('.jp-Notebook')).toBeVisible({ timeout: 60_000 });
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
  const row = sidebar.getByRole('treeitem', { name: /seven #\d/ });
  await expect(row.getByRole('img', { name: 'finished' })).toBeVisible({ timeout: 60_000 });

  await row.locator('.trackbook-RunRow').dblclick();
  const shown = page.locator('.trackbook-MainArea:visible');
  await expect(shown.getByRole('heading', { level: 2 })).toContainText('seven #');
  await expect(shown.getByRole('rowheader', { name: 'score' })).toBeVisible();
  expect((await shown.boundingBox())!.height).toBeGreaterThan(250);

  await execute(page, 'Run as Job');
  await expect(shown).toHaveCount(1);
  await expect(shown.getByRole('textbox', { name: /^depth/ })).toBeVisible();
  await row.locator('.trackbook-RunRow').dblclick();
  await expect(shown.getByRole('heading', { level: 2 })).toContainText('seven #');
});
