import { expect, test } from '@jupyterlab/galata';

import { addNotebook } from './support/notebooks';
import { picture, startCell } from './support/runs';

const RUNS = `%load_ext trackbook
import math, time
import trackbook as tb
for depth, lr in ((3, 0.1), (5, 0.1)):
    with tb.start_run("churn", name=f"depth {depth}", params={"depth": depth, "lr": lr}) as run:
        run.metric("acc", goal="max", unit="%")
        for step in range(60):
            run.log({"acc": 70 + 3 * depth * (1 - math.exp(-step / 15)), "loss": math.exp(-step / 20)}, step=step)`;

const LOOP = `with tb.start_run("churn", name="live", params={"depth": 8, "lr": 0.1}) as run:
    tb.watch(seconds=0.2)
    for step in range(200):
        run.log({"loss": math.exp(-step / 40)}, step=step)
        run.log({"loss": 1.2 * math.exp(-step / 50)}, step=step, context={"subset": "val"})
        time.sleep(0.03)`;

test.describe('In a notebook, runs', () => {
  test('are tables, differences, and curves that grow and stay', async ({ page, tmpPath }) => {
    const path = `${tmpPath}/views.ipynb`;
    await addNotebook(page, path, [RUNS, 'tb.table()', '%track diff 1 2', LOOP]);
    await page.notebook.openByPath(path);
    await page.notebook.activate('views.ipynb');
    for (const index of [0, 1, 2]) {
      await startCell(page, index);
    }
    const outputs = page.locator('.jp-Notebook .jp-OutputArea-output');
    await expect(outputs.nth(0).getByRole('cell', { name: '★ 84.71' })).toBeVisible();
    await expect(outputs.nth(1).getByRole('cell', { name: '+7.5 %' })).toBeVisible();
    await startCell(page, 3);
    const live = outputs.nth(2);
    await expect(live.getByText('● running')).toBeVisible();
    const curve = live.locator('svg path:has(title)').first();
    const early = await curve.getAttribute('d');
    await expect(async () => expect(await curve.getAttribute('d')).not.toBe(early)).toPass();
    await expect(live.getByText('● running')).toBeVisible();
    await expect(live.getByText('✓ finished')).toBeVisible();
    await expect(live.locator('svg path:has(title)')).toHaveCount(2);
    await curve.scrollIntoViewIfNeeded();
    await picture(page, 'views');

    // Reopened, nothing is lost: what was shown needs no kernel.
    const last = await curve.getAttribute('d');
    await page.notebook.save();
    await page.menu.clickMenuItem('Kernel>Shut Down Kernel');
    await page.notebook.close();
    await page.notebook.openByPath(path);
    await expect(live.getByText('✓ finished')).toBeVisible();
    expect(await curve.getAttribute('d')).toBe(last);
  });
});
