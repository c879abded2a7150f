// Drives the run table, and prints how long its answers took, as JSON in milliseconds.
//
//     node table.mjs URL      of a JupyterLab with --expose-app-in-browser, whose root is a project

import {
  command,
  framesWhile,
  launch,
  markAfter,
  median,
  newPage,
  openLab,
  timed
} from './browser.mjs';

const [url] = process.argv.slice(2);
const OPENINGS = 3;
const FILTERS = 6;
const TURNS = 150;
const LOOK = 5_000;

/** Turn the wheel: mostly row by row, at times far. */
async function wheel(page) {
  for (let turn = 0; turn < TURNS; turn++) {
    await page.mouse.wheel(0, turn % 30 ? 120 : 60_000);
  }
}

async function open(browser, workspace) {
  const page = await newPage(browser);
  await openLab(page, url, workspace);
  await command(page, 'trackbook:open-table');
  const opened = await markAfter(page, 'table-opened', 0);
  return { page, took: (await markAfter(page, 'table-painted', opened)) - opened };
}

/** The heads of the columns in sight by which one can sort, but for the runs’ number. */
async function headsInSight(page) {
  const box = await page.locator('.trackbook-Grid-mirror').boundingBox();
  const found = [];
  for (const head of await page.locator('.trackbook-Grid-mirror [role="columnheader"]').all()) {
    const at = await head.boundingBox();
    const name = await head.textContent();
    if (at && at.x + at.width < box.x + box.width && !name.startsWith('spark(')) {
      found.push(head);
    }
  }
  return found.slice(1);
}

const found = {};
const browser = await launch();
try {
  const empty = await newPage(browser);
  await empty.setContent('<div style="height: 10000000px">Nothing</div>');
  await empty.mouse.move(600, 400);
  const noise = await framesWhile(empty, () => wheel(empty));
  await empty.context().close();

  const { page, took } = await open(browser, 'first');
  found['table painted, a server’s first time'] = took;

  const heads = await headsInSight(page);
  const down = [];
  /** Sort by a column for the first time, then the other way round; returns how long the first took. */
  const sort = async head => {
    const press = () => head.click({ force: true });
    const up = await timed(page, 'table-sorted', press);
    down.push(await timed(page, 'table-sorted', press));
    return up;
  };
  const each = async some => {
    const up = [];
    for (const head of some) {
      up.push(await sort(head));
    }
    return up;
  };
  found['sorted, a server’s first time'] = await sort(heads[0]);
  // As soon as it is there, which is the worst time to ask; then as somebody who has looked at it first.
  const half = Math.ceil(heads.length / 2);
  const atOnce = await each(heads.slice(1, half));
  found['sorted by a column for the first time, at once'] = median(atOnce);
  found['the slowest of them'] = Math.max(...atOnce);
  await page.waitForTimeout(LOOK);
  found['sorted by a column for the first time, after five seconds'] = median(
    await each(heads.slice(half))
  );
  found['sorted the other way round'] = median(down);

  const search = page.getByRole('combobox', { name: 'Search runs' });
  const filters = [];
  for (let round = 0; round < FILTERS; round++) {
    await search.fill(`metrics.acc > 0.${round + 2}`);
    filters.push(await timed(page, 'table-filtered', () => search.press('Enter')));
  }
  found['filtered, the first time'] = filters[0];
  found['filtered'] = median(filters.slice(1));
  await search.fill('');
  await timed(page, 'table-filtered', () => search.press('Enter'));

  await page.getByRole('button', { name: 'Group', exact: true }).click();
  const groups = [];
  const choice = page.getByRole('combobox', { name: 'Group by' });
  for (const name of ['params.lr', 'params.model', 'params.batch']) {
    groups.push(await timed(page, 'table-grouped', () => choice.selectOption(name)));
  }
  found['grouped by a parameter'] = median(groups);
  await page.context().close();

  const times = [];
  for (let round = 0; round < OPENINGS; round++) {
    const { page, took } = await open(browser, `again-${round}`);
    times.push(took);
    if (round === OPENINGS - 1) {
      const box = await page.locator('.lm-DataGrid').first().boundingBox();
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      const frames = await framesWhile(page, () => wheel(page));
      found['frame while scrolling, median'] = median(frames);
      found['frame while scrolling, longest'] = frames.at(-1);
      found['frames over 50 ms'] = frames.filter(frame => frame > 50).length;
      found['an empty page: longest frame'] = noise.at(-1);
      found['an empty page: frames over 50 ms'] = noise.filter(frame => frame > 50).length;
    }
    await page.context().close();
  }
  found['table painted'] = median(times);
} finally {
  await browser.close();
}
console.log(JSON.stringify(found));
