// Drives the curves of a comparison, and prints how long they took, as JSON in milliseconds.
//
//     node curves.mjs URL RUNS      of a JupyterLab with --expose-app-in-browser, whose root is a project of RUNS runs

import { framesWhile, launch, markAfter, median, newPage, openLab, timed } from './browser.mjs';
import { compareAll } from './comparing.mjs';

const [url, runs] = process.argv.slice(2);
const OPENINGS = 4;
const ZOOMS = 6;

const found = {};
const browser = await launch();
try {
  const painted = [];
  let page;
  for (let round = 0; round < OPENINGS; round++) {
    await page?.context().close();
    page = await newPage(browser);
    await openLab(page, url, `curves-${round}`);
    const began = await compareAll(page, Number(runs));
    // There are two charts, of two metrics.
    painted.push((await markAfter(page, 'curves-painted', began, 2)) - began);
  }
  found['two charts painted, a server’s first time'] = painted[0];
  found['two charts painted'] = median(painted.slice(1));

  const chart = page
    .getByRole('figure', { name: 'loss', exact: true })
    .locator('.trackbook-Curves-plot');
  if ((await chart.getAttribute('data-lines')) !== runs) {
    throw new Error(`The chart has not got ${runs} lines.`);
  }
  const box = await chart.boundingBox();
  const [y, wide] = [box.y + box.height / 2, box.width];
  const zooms = [];
  let frames;
  for (let round = 0; round < ZOOMS; round++) {
    const from = box.x + wide * (0.2 + round * 0.1);
    await page.mouse.move(from, y);
    await page.mouse.down();
    await page.mouse.move(from + wide * (0.05 + round * 0.01), y, { steps: 4 });
    zooms.push(await timed(page, 'curves-zoomed', () => page.mouse.up()));
    if (round === ZOOMS - 1) {
      frames = await framesWhile(page, async () => {
        for (let step = 0; step < 100; step++) {
          await page.mouse.move(box.x + wide * (0.1 + step * 0.008), y);
        }
      });
    }
    await chart.dblclick({ position: { x: wide / 2, y: 40 } });
    await page.waitForFunction(
      element => Number(element.getAttribute('data-from')) === 0,
      await chart.elementHandle()
    );
  }
  found['zoomed, the first time'] = zooms[0];
  found['zoomed'] = median(zooms.slice(1));
  found['frame under the pointer, median'] = median(frames);
  found['frame under the pointer, longest'] = frames.at(-1);
} finally {
  await browser.close();
}
console.log(JSON.stringify(found));
