// Opens JupyterLab with Trackbook and without, in turns, and prints how long that took, in milliseconds, and what of
// Trackbook's files was loaded when, in kB, as JSON.
//
//     node start.mjs WITH WITHOUT ROUNDS      the URLs of two JupyterLabs with --expose-app-in-browser

/* global window, performance, setInterval, clearInterval, URL */

import { command, launch, markAfter, median, newPage, openLab, pause } from './browser.mjs';

const [withIt, without, rounds] = process.argv.slice(2);

/** How long it takes until JupyterLab has brought back what was open, in a browser that knows nothing yet. */
async function started(browser, url) {
  const page = await newPage(browser);
  await page.addInitScript(() => {
    const look = setInterval(() => {
      if (window.jupyterapp) {
        clearInterval(look);
        void window.jupyterapp.restored.then(() => (window.trackbookRestored = performance.now()));
      }
    }, 2);
  });
  await page.goto(`${url}/lab?reset`);
  await page.waitForFunction(() => window.trackbookRestored);
  const took = await page.evaluate(() => window.trackbookRestored);
  await page.context().close();
  return took;
}

/** Which of Trackbook's files a page has loaded, and how large they are. */
function watchFiles(page) {
  const files = new Map();
  page.on('response', async response => {
    const { pathname } = new URL(response.url());
    if (pathname.includes('/extensions/trackbook/') && pathname.endsWith('.js')) {
      const body = await response.body();
      files.set(pathname, {
        size: body.length / 1000,
        isPlotly: body.includes('plotly_relayouting')
      });
    }
  });
  return files;
}

const sizeOf = files => [...files.values()].reduce((sum, { size }) => sum + size, 0);
const plotlyOf = files => [...files.values()].filter(({ isPlotly }) => isPlotly).length;

const found = {};
const browser = await launch();
try {
  await started(browser, withIt);
  await started(browser, without);
  const times = { withIt: [], without: [], added: [] };
  for (let round = 0; round < Number(rounds); round++) {
    // Whoever comes second finds a warmer machine.
    const isFirst = round % 2 === 0;
    const first = await started(browser, isFirst ? withIt : without);
    const second = await started(browser, isFirst ? without : withIt);
    const [one, other] = isFirst ? [first, second] : [second, first];
    times.withIt.push(one);
    times.without.push(other);
    times.added.push(one - other);
  }
  found['JupyterLab’s start without Trackbook'] = median(times.without);
  found['with it'] = median(times.withIt);
  found['difference of the medians'] = median(times.withIt) - median(times.without);
  found['median of the differences'] = median(times.added);
  found['difference of the shortest'] = Math.min(...times.withIt) - Math.min(...times.without);

  const page = await newPage(browser);
  const files = watchFiles(page);
  await openLab(page, withIt, 'files');
  await pause(2);
  found['loaded with JupyterLab, kB'] = sizeOf(files);
  const atStart = sizeOf(files);
  await command(page, 'trackbook:open-table');
  await markAfter(page, 'table-painted', 0);
  await pause(2);
  found['loaded with the table, kB'] = sizeOf(files) - atStart;
  found['of plotly before a chart, files'] = plotlyOf(files);
  await page.getByRole('combobox', { name: 'Charts' }).selectOption('right');
  await page.getByRole('button', { name: 'Add them all' }).click();
  await pause(4);
  found['of plotly with the charts, files'] = plotlyOf(files);
} finally {
  await browser.close();
}
console.log(JSON.stringify(found));
