import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, type IJupyterLabPageFixture, test } from '@jupyterlab/galata';
import type { Locator, Page } from '@playwright/test';

import { execute } from './support/commands';
import { audit, bringAxe, cutOff, isWindowScrolling, PLACES } from './support/manners';
import { makeNotebook, serverRoot } from './support/notebooks';
import { mainArea, openRuns, runRow, setTheme } from './support/runs';

const CELLS = [
  {
    source: 'lr = 0.1  # how far each step goes\nkind = "adam"  # adam | sgd',
    tags: ['parameters']
  },
  '%load_ext trackbook\n%track start churn\n%track goal acc max\nfor step in range(3):\n    %track metric acc=lr*step --step step',
  'assert lr < 0.2, "too fast"'
];

/** How many runs are in the list: one with all that is captured, two that differ, a sweep and its two trials. */
const RUNS = 6;

/** What the pages are opened with. */
interface IStore {
  project: string;
  /** By their numbers, the first one at 1. */
  runs: string[];
  /** A trial that failed. */
  failed: string;
  sweep: string;
}

/** A store with something of everything, of the notebook train.ipynb; the result is there when its sweep has ended. */
function fill(folder: string): Promise<unknown> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'train.ipynb'), JSON.stringify(makeNotebook(CELLS)));
  for (const script of ['fill_captured.py', 'fill_differences.py']) {
    execFileSync('python', [join(__dirname, 'support', script), folder]);
  }
  const sweep = spawn('trackbook', ['sweep', 'train.ipynb', '-s', 'lr=0.1,0.3', '--jobs', '2'], {
    cwd: folder,
    stdio: 'ignore'
  });
  return once(sweep, 'exit');
}

async function readStore(page: IJupyterLabPageFixture, folder: string): Promise<IStore> {
  const get = async <T>(path: string) =>
    (await (await page.request.get(`/trackbook/api/${path}`)).json()) as T;
  const { projects } = await get<{ projects: { id: string }[] }>(`projects?path=${folder}`);
  const project = projects[0].id;
  const read = async (query = '') => {
    const { runs } = await get<{ runs: { id: string; number: number }[] }>(
      `projects/${project}/runs?limit=50${query}`
    );
    return runs;
  };
  const isFailed = encodeURIComponent("status = 'failed' and params.lr = 0.3");
  await expect.poll(() => read(`&query=${isFailed}`), { timeout: 60_000 }).not.toEqual([]);
  const [failed] = await read(`&query=${isFailed}`);
  const { sweeps } = await get<{ sweeps: { id: string }[] }>(`projects/${project}/sweeps`);
  const byNumber: string[] = [];
  (await read()).forEach(run => (byNumber[run.number] = run.id));
  return { project, runs: byNumber, failed: failed.id, sweep: sweeps[0].id };
}

/** The pages of the main area: what opens each, and whether all of its parts are looked at or the first alone. */
function pagesOf({ project, runs, failed, sweep }: IStore, notebook: string) {
  return [
    { name: 'run', command: 'trackbook:open-run', args: { project, run: runs[1] } },
    { name: 'failure', command: 'trackbook:open-run', args: { project, run: failed }, first: true },
    { name: 'form', command: 'trackbook:run-as-job', args: { path: notebook } },
    { name: 'jobs', command: 'trackbook:open-jobs', args: { project } },
    { name: 'sweep', command: 'trackbook:open-sweep', args: { project, sweep } },
    {
      name: 'comparison',
      command: 'trackbook:compare-runs',
      args: { project, runs: [runs[2], runs[3]] }
    },
    { name: 'table', command: 'trackbook:open-table', args: { project } }
  ];
}

/** Show each part of the page in the main area, and do something with it. */
async function eachTab(
  page: IJupyterLabPageFixture,
  isFirstAlone: boolean | undefined,
  work: (name: string) => Promise<void>
): Promise<void> {
  const area = mainArea(page);
  // Of the page alone: what is in it may have tabs as well.
  const tabs = area.locator('.trackbook-Tabs').first().getByRole('tab');
  await expect(area.locator('.trackbook-View').first()).not.toBeEmpty();
  const count = isFirstAlone ? 0 : await tabs.count();
  for (let place = 0; place < Math.max(1, count); place += 1) {
    if (count) {
      await tabs.nth(place).click();
      await expect(tabs.nth(place)).toHaveAttribute('aria-selected', 'true');
    }
    // Charts that can't be seen ask for nothing.
    await expect(area.locator('.trackbook-Loading').first()).not.toBeInViewport();
    await work(count ? ((await tabs.nth(place).textContent()) ?? '') : '');
  }
}

test.use({ actionTimeout: 30_000 });

test('Every page is fit for readers, in both themes, zoomed, narrow and mirrored', async ({
  page,
  tmpPath
}) => {
  test.setTimeout(240_000);
  const swept = fill(join(serverRoot(), tmpPath));
  await page.notebook.openByPath(`${tmpPath}/train.ipynb`);
  await page.notebook.activate('train.ipynb');
  const sidebar = await openRuns(page);
  await swept;
  await expect(sidebar.getByRole('treeitem')).toHaveCount(RUNS, { timeout: 60_000 });
  const store = await readStore(page, tmpPath);
  const pages = pagesOf(store, `${tmpPath}/train.ipynb`);

  await test.step('axe, in both themes', async () => {
    await bringAxe(page);
    // Text lies on the ground of selected rows, too, and says what is wrong.
    await runRow(page, 1).locator('.trackbook-RunRow').click();
    await page.keyboard.press('Shift+Home');
    await expect(sidebar.getByRole('treeitem', { selected: true })).toHaveCount(RUNS);
    await sidebar.getByText(/^Jobs/i).click();
    await execute(page, 'trackbook:open-table', { project: store.project });
    await mainArea(page)
      .getByRole('combobox', { name: 'Charts', exact: true })
      .selectOption('right', { timeout: 60_000 });
    await mainArea(page).getByRole('button', { name: 'Add them all' }).click({ timeout: 60_000 });
    await execute(page, 'trackbook:run-as-job', { path: `${tmpPath}/train.ipynb` });
    await mainArea(page).getByRole('textbox', { name: /^lr/ }).fill('not a number');
    await expect(mainArea(page).getByRole('alert').first()).toBeVisible();
    for (const theme of ['light', 'dark'] as const) {
      await setTheme(page, theme);
      const isDark = theme === 'dark';
      await audit(page, `${theme}: sidebar`, PLACES.sidebar, isDark);
      for (const { name, command, args, first } of pages) {
        await execute(page, command, args);
        await eachTab(page, first, tab =>
          audit(page, `${theme}: ${name}, ${tab}`, PLACES.main, isDark)
        );
      }
      await execute(page, 'settingeditor:open', { query: 'Trackbook' });
      const settings = '.jp-SettingsForm';
      await expect(page.locator(settings).first()).toBeVisible();
      // JupyterLab draws the form, and gives its lists no name.
      await audit(page, `${theme}: settings`, settings, isDark, [`${settings} select`]);
    }
    await setTheme(page, 'light');
  });

  await test.step('zoomed to 200 and 400 %', async () => {
    await page.sidebar.close('left');
    for (const [width, height] of [
      [640, 400],
      [320, 256]
    ]) {
      await page.setViewportSize({ width, height });
      for (const { name, command, args, first } of pages) {
        await execute(page, command, args);
        await eachTab(page, first, async tab => {
          expect.soft(await cutOff(page, PLACES.main), `${width}: ${name}, ${tab}`).toEqual([]);
        });
      }
      expect.soft(await isWindowScrolling(page), `${width}`).toBe(false);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  await test.step('a narrow sidebar, and from right to left', async () => {
    await openRuns(page);
    await page.sidebar.setWidth(200);
    for (const direction of ['ltr', 'rtl']) {
      await page.evaluate(value => (document.documentElement.dir = value), direction);
      await expect(runRow(page, 1)).toBeVisible();
      expect.soft(await cutOff(page, PLACES.sidebar), direction).toEqual([]);
    }
    // The grid is drawn, and its elements lie over what is drawn: a click meets the head that is read there.
    await execute(page, 'trackbook:open-table', { project: store.project });
    const grid = mainArea(page).getByRole('grid', { name: 'Runs' });
    const head = grid.getByRole('columnheader', { name: 'number', exact: true });
    await head.click({ force: true });
    await expect(head).toHaveAttribute('aria-sort', 'ascending');
    const cell = grid.getByRole('row').nth(2).getByRole('gridcell').nth(1);
    await cell.click({ force: true, button: 'right' });
    const menu = page.locator('.lm-Menu:visible');
    await expect(menu).toBeVisible();
    const [shown, at] = [(await menu.boundingBox())!, (await cell.boundingBox())!];
    expect(Math.abs(shown.y - at.y)).toBeLessThan(40);
    await page.keyboard.press('Escape');
  });
});

/** Press Tab, or another key, until something has the keyboard. */
async function goTo(page: Page, target: Locator, key = 'Tab'): Promise<void> {
  await expect(target).toBeVisible();
  const isReached = () =>
    target.evaluate(node => node.contains(document.activeElement), null, { timeout: 30_000 });
  for (let presses = 0; presses < 60 && !(await isReached()); presses += 1) {
    await page.keyboard.press(key);
  }
  await expect(target).toBeFocused();
}

/** Execute a command of the palette by its label. */
async function choose(page: Page, label: string): Promise<void> {
  const entry = page.locator('.lm-CommandPalette-item.lm-mod-active');
  // What JupyterLab puts the keyboard into as it comes up closes the palette again.
  await expect(async () => {
    await page.keyboard.press('Control+Shift+C');
    await page.locator('.lm-CommandPalette-input').fill(label, { timeout: 2_000 });
    await expect(entry).toContainText(label, { timeout: 2_000 });
  }).toPass({ timeout: 60_000 });
  await page.keyboard.press('Enter');
}

test('From the sidebar to the table, its board and the differences, by keys alone', async ({
  page,
  tmpPath
}) => {
  const folder = join(serverRoot(), tmpPath);
  mkdirSync(folder, { recursive: true });
  execFileSync('python', [join(__dirname, 'support/fill_differences.py'), folder]);
  writeFileSync(join(folder, 'train.ipynb'), JSON.stringify(makeNotebook(CELLS)));
  await page.notebook.openByPath(`${tmpPath}/train.ipynb`);

  await test.step('the list of the sidebar', async () => {
    const sidebar = page.getByRole('region', { name: 'Runs, jobs and problems' });
    await choose(page, 'Search Runs');
    await expect(sidebar.getByRole('searchbox', { name: 'Search runs' })).toBeFocused();
    await expect(sidebar.getByRole('treeitem')).toHaveCount(2, { timeout: 60_000 });
    await page.keyboard.type('params.lr = 0.01');
    await expect(sidebar.getByRole('treeitem')).toHaveCount(1);
    await page.keyboard.press('Escape');
    await expect(sidebar.getByRole('treeitem')).toHaveCount(2);
    await page.keyboard.press('Escape');
    await expect(sidebar.getByRole('tree', { name: 'Runs' })).toBeFocused();
    await page.keyboard.press('End');
    await page.keyboard.press('Space');
    await expect(
      sidebar.getByRole('treeitem', { name: /^finished churn #1\b/, selected: true })
    ).toBeVisible();
    await page.keyboard.press('ArrowRight');
    await expect(sidebar.getByRole('treeitem', { expanded: true })).toHaveCount(1);
    await page.keyboard.press('ArrowLeft');
    await expect(sidebar.getByRole('treeitem', { expanded: true })).toHaveCount(0);
  });

  const area = mainArea(page);
  const grid = area.getByRole('grid', { name: 'Runs' });
  await test.step('the table', async () => {
    await choose(page, 'Compare Runs in a Table');
    await goTo(page, area.getByRole('combobox', { name: 'Search runs' }));
    await page.keyboard.type('metrics.acc > 0.5');
    await page.keyboard.press('Escape'); // what could come next
    await page.keyboard.press('Enter');
    await expect(grid).toHaveAttribute('aria-rowcount', '3', { timeout: 60_000 });
    await page.keyboard.press('ArrowDown');
    await expect(grid).toBeFocused();
    // What the one list has selected, the other one has, too.
    await expect(area.getByRole('row', { selected: true })).toHaveCount(1);
    await page.keyboard.press('Control+Home');
    await page.keyboard.press('Space');
    await expect(area.getByRole('row', { selected: true })).toHaveCount(2);
    await expect(grid).toHaveAccessibleName('Runs');
    // The cell at which the keyboard is has a name that readers say.
    const cell = await grid.getAttribute('aria-activedescendant');
    await expect(page.locator(`[id="${cell}"]`)).toHaveAttribute('role', 'gridcell');
  });

  await test.step('the board', async () => {
    await goTo(page, area.getByRole('combobox', { name: 'Charts', exact: true }), 'Shift+Tab');
    await page.keyboard.press('ArrowDown');
    const board = area.getByRole('region', { name: 'Charts', exact: true });
    await goTo(page, board.getByRole('button', { name: 'Add them all' }));
    await page.keyboard.press('Enter');
    const charts = board.locator('[data-chart]');
    await expect(charts.nth(1)).toBeVisible();
    const titles = () => charts.evaluateAll(all => all.map(one => one.ariaLabel));
    const before = await titles();
    const [first, second] = before;
    await goTo(page, board.getByRole('button', { name: `Move ${first}`, exact: true }));
    await page.keyboard.press('ArrowRight');
    await expect.poll(titles).toEqual([second, first, ...before.slice(2)]);
    await goTo(page, board.getByRole('button', { name: `Show the data of ${first} as a table` }));
    await page.keyboard.press('Enter');
    await expect(board.getByRole('figure', { name: first! }).getByRole('table')).toBeVisible();
  });

  await test.step('the differences', async () => {
    await goTo(page, area.getByRole('button', { name: 'Compare', exact: true }), 'Shift+Tab');
    await page.keyboard.press('Enter');
    const parts = area.getByRole('tablist', { name: 'Parts of the comparison' });
    await goTo(page, parts.getByRole('tab', { name: 'Differences' }));
    await expect(area.getByRole('tabpanel', { name: 'Differences' })).toContainText('worse');
    await page.keyboard.press('End');
    await expect(parts.getByRole('tab', { name: 'Cells' })).toBeFocused();
    const cells = area.getByRole('region', { name: /^Cell: / });
    await expect(cells.first()).toBeVisible();
    await page.keyboard.press('F7');
    await expect(cells.first().getByRole('button').first()).toBeFocused();
    await page.keyboard.press('F7');
    await expect(cells.first().getByRole('button').first()).not.toBeFocused();
    await page.keyboard.press('Shift+F7');
    await expect(cells.first().getByRole('button', { expanded: true }).first()).toBeFocused();
  });
});
