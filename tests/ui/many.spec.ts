import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jupyterlab/galata';

import { addNotebook, serverRoot } from './support/notebooks';
import { openRuns, runRow } from './support/runs';

const COUNT = 5000;

test('5,000 runs are listed, scrolled and searched by windows', async ({ page, tmpPath }) => {
  test.setTimeout(400_000);
  const folder = join(serverRoot(), tmpPath);
  mkdirSync(folder, { recursive: true });
  execFileSync('python', [join(__dirname, 'support/fill_store.py'), folder, String(COUNT)]);
  await addNotebook(page, `${tmpPath}/train.ipynb`, ['']);
  await page.notebook.openByPath(`${tmpPath}/train.ipynb`);
  await openRuns(page);
  const first = page.getByRole('treeitem').first();
  // Reading the journals of so many runs for the first time takes the server a while.
  await expect(first).toHaveAttribute('aria-setsize', String(COUNT), { timeout: 300_000 });

  const asked: URL[] = [];
  page.on('request', request => {
    const url = new URL(request.url());
    if (url.pathname.endsWith('/runs')) {
      asked.push(url);
    }
  });
  await first.locator('.trackbook-RunRow').click();
  await page.keyboard.press('End');
  await expect(runRow(page, 1)).toBeVisible();
  await page.keyboard.press('Home');
  await expect(runRow(page, COUNT)).toBeVisible();
  expect(await page.getByRole('treeitem').count()).toBeLessThan(80);
  await page.getByRole('searchbox', { name: 'Search runs' }).fill('params.seed = 1234');
  await expect(page.getByRole('treeitem')).toHaveCount(1);
  await expect(runRow(page, 1234)).toBeVisible();
  // Windows, never all of them; and no storm of requests.
  expect(asked.every(url => Number(url.searchParams.get('limit')) <= 500)).toBe(true);
  expect(asked.length).toBeLessThan(40);
});
