import { join } from 'node:path';

import { type IJupyterLabPageFixture } from '@jupyterlab/galata';
import { expect, type Locator, type Page } from '@playwright/test';

/** Where the pictures of the documentation lie. */
const IMAGES = join(__dirname, '../../../docs/images');

/** Show the sidebar with the runs; returns it. */
export async function openRuns(page: IJupyterLabPageFixture): Promise<Locator> {
  await page.sidebar.openTab('trackbook-sidebar');
  return page.locator('#trackbook-sidebar');
}

/** The row of a run, by its number. */
export function runRow(page: Page, number: number): Locator {
  const title = new RegExp(`#${number}(?!\\d)`);
  return page.getByRole('treeitem').filter({ has: page.getByText(title) });
}

/** The tab panel that is shown in the main area now. */
export function mainArea(page: Page): Locator {
  return page.locator('.trackbook-MainArea:visible');
}

/** Open a run's page by its row. */
export async function openRun(page: IJupyterLabPageFixture, number: number): Promise<Locator> {
  await runRow(page, number).locator('.trackbook-RunRow').dblclick();
  const area = mainArea(page);
  await expect(area.getByRole('heading', { level: 2 })).toContainText(`#${number}`);
  return area;
}

/** Show another part of the page in the main area. */
export async function openTab(page: IJupyterLabPageFixture, name: RegExp): Promise<Locator> {
  await mainArea(page).getByRole('tab', { name }).click();
  return mainArea(page).getByRole('tabpanel');
}

/** Where the curves of a metric are drawn; its attributes say how many lines and points they have. */
export function curvesOf(area: Locator, metric: string): Locator {
  return area.getByRole('figure', { name: metric, exact: true }).locator('.trackbook-Curves-plot');
}

/** Whether some of a chart has a colour, such as `rgb(0, 114, 178)`. */
export function isDrawnIn(chart: Locator, colour: string): Promise<boolean> {
  return chart
    .locator('canvas')
    .first()
    .evaluate((canvas: HTMLCanvasElement, wanted) => {
      const rgb = wanted.match(/[\d.]+/g)!.map(Number);
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      for (let place = 0; place < data.length; place += 4) {
        const isNear = [0, 1, 2].every(part => Math.abs(data[place + part] - rgb[part]) < 6);
        if (isNear && data[place + 3] > 200) {
          return true;
        }
      }
      return false;
    }, colour);
}

/** Write a source into a cell in one go: key by key, the editor would indent it once more. */
export async function writeCell(
  page: IJupyterLabPageFixture,
  index: number,
  source: string
): Promise<void> {
  await page.notebook.enterCellEditingMode(index);
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(source);
  await page.notebook.leaveCellEditingMode(index);
}

/** Run a cell of the notebook without waiting for its end. */
export async function startCell(page: IJupyterLabPageFixture, index: number): Promise<void> {
  await page.notebook.selectCells(index);
  await page.keyboard.press('Control+Enter');
}

/**
 * Keep a picture of the whole window for the documentation, in both themes: NAME.png and NAME-dark.png. Only with
 * TRACKBOOK_SCREENSHOTS=1; a test's verdict never hangs on a picture.
 */
export async function picture(page: Page, name: string): Promise<void> {
  if (!process.env.TRACKBOOK_SCREENSHOTS) {
    return;
  }
  await page.mouse.move(640, 790);
  await page.screenshot({ path: join(IMAGES, `${name}.png`) });
  await setTheme(page, 'dark');
  await page.screenshot({ path: join(IMAGES, `${name}-dark.png`) });
  await setTheme(page, 'light');
}

/** Choose a theme, and wait until it is drawn. */
export async function setTheme(page: Page, theme: 'light' | 'dark'): Promise<void> {
  await page.evaluate(
    name => window.jupyterapp.commands.execute('apputils:change-theme', { theme: name }),
    `JupyterLab ${theme === 'dark' ? 'Dark' : 'Light'}`
  );
  await expect(page.locator('body')).toHaveAttribute(
    'data-jp-theme-light',
    String(theme === 'light')
  );
  // JupyterLab covers the page until it is drawn, and what covers it takes clicks.
  await expect(page.locator('#jupyterlab-splash')).toHaveCount(0);
}
