import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, type IJupyterLabPageFixture, test } from '@jupyterlab/galata';

import { addNotebook, serverRoot } from './support/notebooks';
import { mainArea, openRun, openRuns, picture, runRow } from './support/runs';

const CELLS = [
  { source: 'rate = 0.5', tags: ['parameters'] },
  '%load_ext trackbook\n%track start churn\n%track param rate',
  'from pathlib import Path\nvalues = [float(line) for line in Path("rows.csv").read_text().split()]',
  'mean = sum(values) / len(values) * rate\nprint("mean", mean)\n%track metric mean\n%track end'
];

/** A run of a notebook that reads a file, made by a job. */
async function makeRun(page: IJupyterLabPageFixture, folder: string): Promise<string> {
  await addNotebook(page, `${folder}/train.ipynb`, CELLS);
  const place = join(serverRoot(), folder);
  writeFileSync(join(place, 'rows.csv'), '1\n2\n3\n');
  execFileSync('trackbook', ['run', 'train.ipynb'], { cwd: place, stdio: 'ignore' });
  await page.notebook.openByPath(`${folder}/train.ipynb`);
  await openRuns(page);
  await expect(runRow(page, 1).getByRole('img', { name: 'finished' })).toBeVisible();
  return place;
}

test.describe('A recorded run', () => {
  test('is run again, and bears the verdict', async ({ page, tmpPath }) => {
    await makeRun(page, tmpPath);
    const area = await openRun(page, 1);
    await area.getByRole('tab', { name: 'Reproduction' }).click();
    await expect(area.getByText('Nobody has run it again yet')).toBeVisible();
    await expect(area.getByRole('region', { name: 'What stands in the way' })).toBeVisible();
    await area.locator('.trackbook-RunHeader').getByRole('button', { name: 'Reproduce' }).click();
    await expect(page.getByText('The run is being repeated.')).toBeVisible();

    const verdict = area.getByRole('region', { name: 'Verdict' });
    await expect(verdict).toContainText('Reproduced', { timeout: 120_000 });
    await expect(area.getByRole('row', { name: /^mean/ })).toContainText('holds');
    await expect(area.getByRole('button', { name: 'reproduced' })).toBeVisible();
    await expect(runRow(page, 1).getByRole('img', { name: 'reproduced' })).toBeVisible();
    await verdict.getByRole('button', { name: 'Open the run that repeated it' }).click();
    await expect(mainArea(page).getByRole('heading', { level: 2 })).toContainText('#2');
    await mainArea(page).getByRole('button', { name: 'repeats another run' }).click();
    await expect(mainArea(page).getByRole('heading', { level: 2 })).toContainText('#1');
  });

  test('whose data changed says so before, and what differs after', async ({ page, tmpPath }) => {
    const place = await makeRun(page, tmpPath);
    writeFileSync(join(place, 'rows.csv'), '1\n2\n9\n');
    await runRow(page, 1).locator('.trackbook-RunRow').click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Reproduce Run' }).click();
    const warning = page.getByText(/rows\.csv has changed/);
    await expect(warning).toBeVisible();
    await page.getByRole('button', { name: 'Run it with the data as they are' }).click();
    const badge = runRow(page, 1).getByRole('img', { name: 'differs' });
    await expect(badge).toBeVisible({ timeout: 120_000 });

    const area = await openRun(page, 1);
    await area.getByRole('button', { name: 'differs' }).click();
    const row = area.getByRole('row', { name: /^mean/ });
    await expect(row).toContainText('differs');
    await expect(area.getByRole('region', { name: 'What was different' })).toContainText(
      'rows.csv'
    );
    await expect(area.getByRole('region', { name: 'What stands in the way' })).toContainText(
      'rows.csv'
    );
    await expect(page.getByText('The run is being repeated.')).toBeHidden();
    await picture(page, 'reproduction');
  });
});
