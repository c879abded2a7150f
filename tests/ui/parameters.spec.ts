import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, type IJupyterLabPageFixture, test } from '@jupyterlab/galata';

import { addNotebook, serverRoot } from './support/notebooks';
import { mainArea, openRuns, openTab } from './support/runs';

const DEFINITIONS = `%load_ext trackbook
import enum
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

class Mode(enum.Enum):
    FAST = "fast"
    EXACT = "exact"`;
const PARAMETERS = `lr: float = 0.1  # how far each step goes; (0, 1]
epochs = 10  # passes over the data; 1..100
optimizer: Literal["adam", "sgd"] = "adam"
mode = Mode.FAST  # how carefully
augment = True  # also mirrored images
since: date | None = date(2026, 1, 1)
each = timedelta(minutes=30)
price = Decimal("0.10")
folder = Path("data") / "raw"
sizes: list[int] = [64, 64]
weights: dict[str, float] = {"a": 1.0}
name = "base"`;
const WORK = `%track start typed
assert (lr, epochs, optimizer, mode, augment) == (0.5, 20, "sgd", Mode.EXACT, False)
assert since == date(2026, 2, 28) and each == timedelta(hours=1, minutes=30)
assert price == Decimal("0.25") and folder == Path("out") and type(folder) is type(Path())
assert sizes == [32, 16] and weights == {"b": 0.5} and name == "it's \\ {x}"
%track end`;

async function openForm(page: IJupyterLabPageFixture, path: string): Promise<void> {
  await page.notebook.openByPath(path);
  await page.notebook.activate(path.split('/').pop()!);
  await page.getByRole('button', { name: /Run this notebook as a job/ }).click();
  await expect(mainArea(page).getByRole('heading', { name: /^Run / })).toBeVisible();
}

test.describe('The form of a notebook’s parameters', () => {
  test('has a field for each type, says what is wrong, and runs the job', async ({
    page,
    tmpPath
  }) => {
    const cells = [DEFINITIONS, { source: PARAMETERS, tags: ['parameters'] }, WORK];
    await addNotebook(page, `${tmpPath}/typed.ipynb`, cells);
    await openForm(page, `${tmpPath}/typed.ipynb`);
    await openRuns(page);
    const form = mainArea(page);
    const lr = form.getByRole('textbox', { name: /^lr/ });
    await lr.fill('2');
    await expect(form.getByRole('alert')).toHaveText('float above 0, up to 1');
    await expect(lr).toHaveAttribute('aria-invalid', 'true');
    await expect(form.getByRole('button', { name: 'Run 1 job' })).toBeDisabled();
    await lr.fill('0.5');
    await form.getByRole('textbox', { name: /^epochs/ }).fill('19');
    await form.getByRole('textbox', { name: /^epochs/ }).press('ArrowUp');
    await form.getByRole('combobox', { name: /^optimizer/ }).selectOption('sgd');
    await form.getByRole('combobox', { name: /^mode/ }).selectOption('EXACT');
    await form.getByRole('checkbox', { name: /^augment/ }).uncheck();
    await form.getByLabel(/^since/).fill('2026-02-28');
    await form.getByLabel(/^each/).fill('1h 30m');
    await form.getByLabel(/^price/).fill('0.25');
    await form.getByLabel(/^folder/).fill('out');
    await form.getByLabel(/^sizes/).fill('[32, "wide"]');
    await expect(form.getByRole('alert')).toHaveText('At 2: A whole number, such as 8');
    await form.getByLabel(/^sizes/).fill('[32, 16]');
    await form.getByLabel(/^weights/).fill('{"b": 0.5}');
    await form.getByLabel(/^name/).fill("it's \\ {x}");
    await form.getByRole('button', { name: 'Run 1 job' }).click();
    const job = form.getByRole('listitem');
    await expect(job.getByRole('img', { name: 'finished' })).toBeVisible({ timeout: 120_000 });
    await job.getByRole('button', { name: 'typed.ipynb' }).click();
    const since = mainArea(page)
      .getByRole('row')
      .filter({ has: page.getByRole('rowheader', { name: 'since', exact: true }) });
    await expect(since.getByRole('cell')).toHaveText('2026-02-28');
    await openTab(page, /^Artifacts/);
    await expect(mainArea(page).getByRole('button', { name: 'output.ipynb' })).toBeVisible();
  });

  test('makes constants parameters', async ({ page, tmpPath }) => {
    const path = `${tmpPath}/plain.ipynb`;
    await addNotebook(page, path, [
      'import os',
      'RATE = 0.1  # of learning\nEPOCHS = 3',
      'print(RATE, EPOCHS)'
    ]);
    await openForm(page, path);
    const form = mainArea(page);
    await form.getByRole('checkbox', { name: /^EPOCHS/ }).uncheck();
    await form.getByRole('button', { name: 'Make these parameters' }).click();
    await expect(form.getByRole('textbox', { name: /^RATE/ })).toHaveAttribute(
      'placeholder',
      '0.1'
    );
    await expect(form.getByText('of learning')).toBeVisible();
    const saved = JSON.parse(readFileSync(join(serverRoot(), path), 'utf8')) as {
      cells: { source: string | string[]; metadata: { tags?: string[] } }[];
    };
    const tagged = saved.cells.find(cell => cell.metadata.tags?.includes('parameters'))!;
    expect([tagged.source].flat().join('')).toBe('RATE = 0.1  # of learning');
    // The open notebook has it, too, and is not left with a conflict.
    await page.getByRole('main').getByRole('tab', { name: 'plain.ipynb', exact: true }).click();
    await expect(page.locator('.jp-Notebook:visible .jp-Cell').nth(1)).toContainText('RATE = 0.1');
    await expect(page.locator('.jp-Notebook:visible .jp-Cell')).toHaveCount(4);
  });
});
