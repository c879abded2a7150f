import { expect, type IJupyterLabPageFixture, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import { addNotebook } from './support/notebooks';
import { picture, writeCell } from './support/runs';

/** Open a notebook of these cells. */
async function open(page: IJupyterLabPageFixture, folder: string, cells: string[]): Promise<void> {
  await addNotebook(page, `${folder}/train.ipynb`, cells);
  await page.notebook.openByPath(`${folder}/train.ipynb`);
  await page.notebook.activate('train.ipynb');
}

/** The mark on a cell. */
function badge(page: IJupyterLabPageFixture, index: number): Locator {
  return page.locator('.jp-Notebook-cell').nth(index).locator('.trackbook-CellBadge');
}

/** The problems in the sidebar. */
function problems(page: IJupyterLabPageFixture): Locator {
  return page.locator('#trackbook-sidebar .trackbook-Problems');
}

test.describe('Problems of a notebook', () => {
  test('appear while it is written, lead to their place, and go when they are mended', async ({
    page,
    tmpPath
  }) => {
    await open(page, tmpPath, ['import math', '', 'scale = 2']);
    await expect(badge(page, 1)).toHaveCount(0);
    await writeCell(page, 1, 'angle = 1\nprint(math.sin(angle) * scale)');
    await expect(badge(page, 1)).toHaveAttribute('aria-label', /1 error in this cell: TB101/);
    await expect(page.getByRole('button', { name: /1 error.* in this notebook/ })).toBeVisible();

    await badge(page, 1).click();
    const row = problems(page).getByRole('button', { name: /scale/ });
    await expect(row).toBeFocused();
    await expect(row).toContainText('TB101, line 2');
    await page.keyboard.press('Enter');
    await expect(page.locator('.jp-Notebook-cell').nth(1).locator('.cm-content')).toBeFocused();
    await expect(page.getByText('Ln 2, Col 25')).toBeVisible();

    await writeCell(page, 2, '');
    await writeCell(page, 1, 'scale = 2\nprint(math.sin(1) * scale)');
    await expect(badge(page, 1)).toHaveCount(0);
    await expect(problems(page).getByRole('region', { name: 'Cell 2' })).toHaveCount(0);
  });

  test('tell secrets, are filtered, and walked from the notebook', async ({ page, tmpPath }) => {
    await open(page, tmpPath, [
      'import os\nimport numpy as np',
      'rows = np.load("/data/somebody/rows.npy")\nprint(frame.shape)',
      'frame = rows[:10]\nfrom helpers import *',
      'api_key = "AKIAIOSFODNN7EXAMPLQ"\nprint(len(api_key))'
    ]);
    await expect(badge(page, 3)).toHaveAttribute('aria-label', /secret/i);
    await page.getByRole('button', { name: /errors?, .* in this notebook/ }).click();
    await expect(problems(page).getByRole('region', { name: 'Cell 4' })).toBeVisible();
    await expect(problems(page).getByRole('region', { name: 'What was not seen' })).toContainText(
      'helpers'
    );
    await page.sidebar.setWidth(330);
    await picture(page, 'problems');

    const warnings = problems(page).getByRole('button', { name: /^warning \d+ warnings?$/ });
    await warnings.click();
    await expect(problems(page).locator('.trackbook-Problem.trackbook-mod-warning')).toHaveCount(0);
    await warnings.click();

    await page.notebook.selectCells(2);
    await page.keyboard.press('F8');
    await expect(page.locator('.jp-Notebook-cell').nth(3).locator('.cm-content')).toBeFocused();
    await page.keyboard.press('Shift+F8');
    await page.keyboard.press('Shift+F8');
    await expect(page.locator('.jp-Notebook-cell').nth(3).locator('.cm-content')).not.toBeFocused();
  });

  test('stay on their cells when these are moved, and end with the setting', async ({
    page,
    tmpPath
  }) => {
    await open(page, tmpPath, ['print(late)', '# nothing', 'late = 1']);
    await expect(badge(page, 0)).toBeVisible();
    await page.notebook.selectCells(0);
    await page.keyboard.press('Control+Shift+ArrowDown');
    await expect(badge(page, 1)).toBeVisible();
    await expect(badge(page, 0)).toHaveCount(0);
    await page.evaluate(async () => {
      await window.jupyterapp.commands.execute('settingeditor:open', { query: 'Trackbook' });
    });
    await page.getByRole('checkbox', { name: /Look for problems while you work/ }).uncheck();
    await page.notebook.activate('train.ipynb');
    await expect(page.locator('.trackbook-CellBadge')).toHaveCount(0);
    await page.evaluate(async () => {
      await window.jupyterapp.commands.execute('trackbook:lint-notebook');
    });
    await expect(badge(page, 1)).toBeVisible();
    await expect(problems(page).getByText(/late/)).toBeVisible();
  });
});
