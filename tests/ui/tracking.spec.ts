import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, type IJupyterLabPageFixture, test } from '@jupyterlab/galata';

import { addNotebook, serverRoot } from './support/notebooks';
import {
  curvesOf,
  isDrawnIn,
  mainArea,
  openRun,
  openRuns,
  openTab,
  runRow,
  startCell,
  writeCell
} from './support/runs';

const SETUP = `%load_ext trackbook
import math, time
import matplotlib.pyplot as plt
depth = 8`;

const LOOP = `for step in range(900):
    loss = 2 * math.exp(-step / 40)
    acc = 1 - loss / 2.2
    %track metric loss acc --step step
    time.sleep(0.05)`;

const FIGURE = `figure, axes = plt.subplots()
axes.plot([1, 3, 2])
%track figure figure --name curve.png`;

const SECOND = `%track start churn --name second --params lr=0.3
%track param depth
for step in range(30):
    %track metric acc=step/40 --step step
%track end`;

/** Write a notebook cell by cell, as a user does. */
async function writeNotebook(
  page: IJupyterLabPageFixture,
  folder: string,
  cells: string[]
): Promise<void> {
  await addNotebook(
    page,
    `${folder}/train.ipynb`,
    cells.map(() => '')
  );
  await page.notebook.openByPath(`${folder}/train.ipynb`);
  await page.notebook.activate('train.ipynb');
  for (const [index, source] of cells.entries()) {
    await writeCell(page, index, source);
  }
}

/** Two runs of a notebook, as a user makes them. */
async function makeRuns(page: IJupyterLabPageFixture, folder: string): Promise<void> {
  const first = `%track start churn --name first --params lr=0.1 --tags baseline
%track param depth
%track goal acc max`;
  await writeNotebook(page, folder, [
    SETUP,
    first,
    LOOP.replace('900', '30'),
    FIGURE,
    '%track end',
    SECOND
  ]);
  await openRuns(page);
  for (const index of [0, 1, 2, 3, 4, 5]) {
    await page.notebook.runCell(index, true);
  }
  await expect(runRow(page, 2).getByRole('img', { name: 'finished' })).toBeVisible();
}

test.describe('A run', () => {
  test('appears while its cell runs, and its metric moves', async ({ page, tmpPath }) => {
    const start = '%track start churn --params lr=0.1\n%track goal acc max';
    await writeNotebook(page, tmpPath, [SETUP, start, LOOP]);
    const sidebar = await openRuns(page);
    await expect(sidebar.getByText('No runs yet in this notebook')).toBeVisible();
    await page.notebook.runCell(0, true);
    await page.notebook.runCell(1, true);
    await startCell(page, 2);

    const row = runRow(page, 1);
    await expect(row.getByRole('img', { name: 'running' })).toBeVisible();
    const metric = row.locator('.trackbook-RunRow-metric');
    const seen = new Set<string>();
    await expect
      .poll(async () => seen.add((await metric.textContent()) ?? '').size, { intervals: [100] })
      .toBeGreaterThan(3);
    // All of that while the cell was running.
    await expect(page.locator('.jp-InputPrompt', { hasText: '[*]' })).toBeVisible();
    await expect(row.locator('.trackbook-Sparkline path')).toHaveAttribute('d', /^M/);

    await runRow(page, 1).locator('.trackbook-RunRow').dblclick();
    const plot = (await openTab(page, /^Charts/)).getByRole('figure', { name: 'acc' });
    const drawn = plot.locator('.trackbook-Curves-plot[data-lines="1"]');
    await expect(drawn).toBeVisible();
    const before = Number(await drawn.getAttribute('data-points'));
    await expect
      .poll(async () => Number(await drawn.getAttribute('data-points')), { timeout: 60_000 })
      .toBeGreaterThan(before);
  });

  test('has a page with all that belongs to it', async ({ page, tmpPath }) => {
    await makeRuns(page, tmpPath);
    const area = await openRun(page, 1);
    await expect(area.getByRole('rowheader', { name: 'depth' })).toBeVisible();
    await expect(area.getByRole('button', { name: /^Tags: baseline/ })).toBeVisible();

    await openTab(page, /^Charts/);
    for (const key of ['acc', 'loss']) {
      await expect(curvesOf(area, key)).toHaveAttribute('data-lines', '1');
    }
    await openTab(page, /^Cells/);
    await expect(area.locator('.trackbook-Source').first()).toContainText('%track start churn');
    await expect(area.locator('.trackbook-Output img')).toBeVisible();

    await openTab(page, /^Artifacts/);
    const image = area.getByRole('img', { name: 'curve.png' });
    await expect(image).toBeVisible();
    await expect
      .poll(() => image.evaluate(node => (node as HTMLImageElement).naturalWidth))
      .toBeGreaterThan(100);

    await openTab(page, /^Data & environment/);
    await area.getByRole('searchbox').fill('ipykernel');
    await expect(area.getByRole('rowheader', { name: 'ipykernel' })).toBeVisible();
  });

  test('opens as the notebook that it was', async ({ page, tmpPath }) => {
    const run = '%track start churn --params lr=0.1\n%track end';
    await writeNotebook(page, tmpPath, [SETUP, run]);
    await openRuns(page);
    await page.notebook.save();
    // Nothing of this is saved: the run has it from the open notebook.
    await writeCell(page, 0, `${SETUP}\nunsaved = True`);
    await page.notebook.runCell(0, true);
    await page.notebook.runCell(1, true);
    await writeCell(page, 0, '# written after the run');
    await expect(runRow(page, 1).getByRole('img', { name: 'finished' })).toBeVisible();
    const area = await openRun(page, 1);
    await expect
      .poll(async () => {
        const project = await get(page, `projects?path=${tmpPath}`);
        const id = (project as { projects: { id: string }[] }).projects[0].id;
        const { runs } = (await get(page, `projects/${id}/runs`)) as { runs: { id: string }[] };
        const detail = (await get(page, `projects/${id}/runs/${runs[0].id}`)) as {
          snapshots: { moment: string; origin: string }[];
        };
        return detail.snapshots.map(({ moment, origin }) => `${moment} ${origin}`).sort();
      })
      .toEqual(['end document', 'start document']);

    await area.getByRole('button', { name: 'Open snapshot' }).click();
    await expect(page.getByRole('tab', { name: 'train-run1.ipynb' })).toBeVisible();
    const path = join(serverRoot(), tmpPath, 'train-run1.ipynb');
    const copy = JSON.parse(readFileSync(path, 'utf8')) as { cells: { source: unknown }[] };
    expect([copy.cells[0].source].flat().join('')).toBe(`${SETUP}\nunsaved = True`);
  });

  test('that failed opens at the cell that failed', async ({ page, tmpPath }) => {
    const failing = '%track start churn\nraise ValueError("the data are bad")';
    await writeNotebook(page, tmpPath, [SETUP, failing, '%track end --failed']);
    await openRuns(page);
    for (const index of [0, 1, 2]) {
      await page.notebook.runCell(index, true);
    }
    await expect(runRow(page, 1).getByRole('img', { name: 'failed' })).toBeVisible();
    await runRow(page, 1).locator('.trackbook-RunRow').click();
    await page.keyboard.press('Enter');
    const area = mainArea(page);
    await expect(area.getByRole('tab', { selected: true })).toHaveText('What happened');
    await expect(area.getByRole('group', { name: 'Error' })).toContainText(
      'ValueError: the data are bad'
    );
    await area.getByRole('button', { name: 'Show it among the cells' }).click();
    const cell = area.locator('.trackbook-Cell.trackbook-mod-target');
    await expect(cell).toBeInViewport();
    await expect(cell).toContainText('ValueError');
  });
});

test.describe('Runs', () => {
  test('are selected and compared', async ({ page, tmpPath }) => {
    await makeRuns(page, tmpPath);
    await runRow(page, 1).locator('.trackbook-RunRow').click();
    await page.keyboard.press('Space');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Compare', exact: true }).click();

    const area = mainArea(page);
    const lr = area
      .getByRole('row')
      .filter({ has: page.getByRole('rowheader', { name: 'lr', exact: true }) });
    await expect(lr.getByRole('cell')).toHaveText(['0.1', '0.3']);
    // What is equal is left out until asked for.
    const depth = area.getByRole('rowheader', { name: 'depth' });
    await expect(depth).toBeHidden();
    await area.getByLabel('Show what is equal, too').check();
    await expect(depth).toBeVisible();

    await openTab(page, /^Curves/);
    const curves = curvesOf(area, 'acc');
    await expect(curves).toHaveAttribute('data-lines', '2');
    // A run has the same colour in the list and in the chart, where the other has another one.
    const colourOf = (number: number) =>
      runRow(page, number)
        .locator('.trackbook-RunRow-check')
        .evaluate(node => getComputedStyle(node).backgroundColor);
    const [first, second] = [await colourOf(1), await colourOf(2)];
    expect(first).not.toBe(second);
    await expect.poll(() => isDrawnIn(curves, first)).toBe(true);
    await expect.poll(() => isDrawnIn(curves, second)).toBe(true);

    await openTab(page, /^Cells/);
    await expect(area.locator('.trackbook-CellDifference').first()).toBeVisible();
  });

  test('are searched, and a search that can not be read says where', async ({ page, tmpPath }) => {
    await makeRuns(page, tmpPath);
    const search = page.getByRole('searchbox', { name: 'Search runs' });
    await runRow(page, 1).locator('.trackbook-RunRow').click();
    await page.keyboard.press('/');
    await expect(search).toBeFocused();
    await search.fill('params.lr > 0.2');
    await expect(runRow(page, 1)).toBeHidden();
    await expect(runRow(page, 2)).toBeVisible();
    await search.fill('params.lr >> 0.2');
    const note = page.locator('.trackbook-QueryError');
    await expect(note.locator('mark')).toHaveText('>');
    await expect(runRow(page, 2)).toBeVisible();
    await search.fill('params.lr > 7');
    await expect(page.getByText('No run matches this search.')).toBeVisible();
    await search.press('Escape');
    await expect(runRow(page, 1)).toBeVisible();
  });

  test('are renamed, tagged and thrown away in place, and come back', async ({ page, tmpPath }) => {
    await makeRuns(page, tmpPath);
    const menu = async (number: number, item: string) => {
      await runRow(page, number).locator('.trackbook-RunRow').click({ button: 'right' });
      await page.getByRole('menuitem', { name: item }).click();
    };
    await menu(2, 'Rename Run');
    await page.getByRole('textbox', { name: 'Name' }).fill('the better one');
    await page.keyboard.press('Enter');
    await runRow(page, 1).locator('.trackbook-RunRow').click();
    await page.keyboard.press('F2');
    await expect(page.getByRole('textbox', { name: 'Name' })).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('textbox', { name: 'Name' })).toBeHidden();
    await menu(2, 'Edit Tags');
    await page.getByRole('textbox', { name: 'Tags' }).fill('fast, team=vision');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('button', { name: 'Tags: fast, team=vision' })).toBeVisible();
    await expect(page.locator('.trackbook-Details-name')).toHaveText('the better one');

    await menu(1, 'Move to Trash');
    await expect(runRow(page, 1)).toBeHidden();
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect(runRow(page, 1)).toBeVisible();

    await menu(1, 'Move to Trash');
    await page.getByRole('combobox', { name: 'Which runs' }).selectOption('trash');
    await expect(runRow(page, 1)).toBeVisible();
    await menu(1, 'Restore from Trash');
    await expect(page.getByText('The trash is empty.')).toBeVisible();
  });

  test('are where they were after a reload', async ({ page, tmpPath }) => {
    await makeRuns(page, tmpPath);
    await openRun(page, 1);
    await openTab(page, /^Artifacts/);
    await runRow(page, 1).locator('.trackbook-RunRow-check').click();
    await runRow(page, 2).locator('.trackbook-RunRow-check').click();
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    await expect(mainArea(page).getByRole('rowheader', { name: 'lr', exact: true })).toBeVisible();
    await page.getByRole('combobox', { name: 'Which runs' }).selectOption('project');
    await page.getByRole('searchbox', { name: 'Search runs' }).fill('churn');
    await page.notebook.activate('train.ipynb');
    await page.notebook.save();
    await page.activity.activateTab('churn #1');
    await expect.poll(() => rememberedTabs(page)).toBeGreaterThan(1);
    // Galata would wait for a launcher, which is not what was open.
    const options = { waitUntil: 'load' as const, waitForIsReady: false };
    await page.reload(options);

    await expect(page.getByRole('searchbox', { name: 'Search runs' })).toHaveValue('churn');
    await expect(page.getByRole('combobox', { name: 'Which runs' })).toHaveValue('project');
    await expect(runRow(page, 2)).toBeVisible();
    await page.activity.activateTab('churn #1');
    await expect(mainArea(page).getByRole('tab', { name: /^Artifacts/ })).toHaveAttribute(
      'aria-selected',
      'true'
    );
    await page.activity.activateTab('Compare 2 runs');
    await expect(mainArea(page).getByRole('rowheader', { name: 'lr', exact: true })).toBeVisible();
  });
});

async function get(page: IJupyterLabPageFixture, path: string): Promise<unknown> {
  const answer = await page.request.get(`/trackbook/api/${path}`);
  return answer.json();
}

/** How many of our tabs the workspace holds by now; JupyterLab saves it a moment after each change. */
function rememberedTabs(page: IJupyterLabPageFixture): Promise<number> {
  return page.evaluate(async () => {
    const { data } = await window.jupyterapp.serviceManager.workspaces.fetch('default');
    return Object.keys(data).filter(key => key.startsWith('trackbook-')).length;
  });
}
