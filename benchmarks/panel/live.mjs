// Looks at running runs, and prints as JSON what that costs in processor time, or in memory.
//
//     node live.mjs cost URL SERVER SECONDS       shares of a core; SERVER is the process of the JupyterLab at URL
//     node live.mjs memory URL SERVER SECONDS     growth in MB; timers of the page run SPEED times as fast
//
// Whoever starts this starts the runs when it prints `ready`, and ends its input when they go on.

/* global window */

import { once } from 'node:events';

import {
  browserTime,
  command,
  launch,
  markAfter,
  median,
  newPage,
  openLab,
  pause,
  processorTime,
  ownMegabytes
} from './browser.mjs';
import { compareAll } from './comparing.mjs';

const [kind, url, pid, length] = process.argv.slice(2);
const server = Number(pid);
const SPEED = 20;
const SAMPLES = 12;
const CURVES = 20;

async function openTable(page, workspace) {
  await openLab(page, url, workspace);
  await command(page, 'trackbook:open-table');
  await markAfter(page, 'table-painted', 0);
}

async function openCurves(page, count) {
  const began = await compareAll(page, count, 'status = "running"');
  await markAfter(page, 'curves-painted', began);
}

/** The shares of a core that browser and server take, in percent. */
async function shares(seconds) {
  const [before, browser, there] = [Date.now(), browserTime(), processorTime(server)];
  await pause(seconds);
  const passed = (Date.now() - before) / 1000;
  return {
    browser: (100 * (browserTime() - browser)) / passed,
    server: (100 * (processorTime(server) - there)) / passed
  };
}

/** How often the page was told of a change. */
function countNews(page) {
  return page.evaluate(() => {
    window.trackbookNews = 0;
    window.jupyterapp.serviceManager.events.stream.connect((_, event) => {
      window.trackbookNews += event.schema_id === 'urn:trackbook:events:changed' ? 1 : 0;
    });
  });
}

async function cost(browser) {
  const page = await newPage(browser);
  await openTable(page, 'live');
  await pause(5);
  const found = {};
  const note = (what, { browser, server }) => {
    found[`${what}: browser, % of a core`] = browser;
    found[`${what}: server, % of a core`] = server;
  };
  note('table, nothing runs', await shares(Number(length) / 2));
  await startRuns();
  await openTable(page, 'running');
  await pause(5);
  note('table, 100 runs update', await shares(Number(length)));
  await openCurves(page, 100);
  await pause(5);
  note('curves, 100 runs update', await shares(Number(length)));
  return found;
}

async function memory(browser) {
  const page = await newPage(browser, SPEED);
  await startRuns();
  await openTable(page, 'memory');
  await openCurves(page, CURVES);
  // Side by side, so that both are at work.
  await page.evaluate(() => {
    const { shell } = window.jupyterapp;
    shell.add(shell.currentWidget, 'main', { mode: 'split-right' });
  });
  await countNews(page);
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const samples = [];
  for (let sample = 0; sample < SAMPLES; sample++) {
    await pause(Number(length) / SAMPLES);
    await session.send('HeapProfiler.collectGarbage');
    const { metrics } = await session.send('Performance.getMetrics');
    const metric = name => metrics.find(other => other.name === name).value;
    samples.push({
      news: await page.evaluate(() => window.trackbookNews),
      heap: metric('JSHeapUsedSize') / 1e6,
      nodes: metric('Nodes'),
      server: ownMegabytes(server)
    });
  }
  // Before that, caches fill.
  const settled = samples.slice(SAMPLES / 3);
  const growth = name => slope(settled.map(sample => [sample.news, sample[name]])) * 3600;
  const last = samples.at(-1);
  return {
    'updates seen': last.news,
    'JavaScript heap at the first look, MB': samples[0].heap,
    'JavaScript heap at the last look, MB': last.heap,
    'heap’s growth in 3,600 updates, MB': growth('heap'),
    'elements’ growth in 3,600 updates': growth('nodes'),
    'server at the first look, MB': samples[0].server,
    'server at the last look, MB': last.server,
    'server’s growth in 3,600 updates, MB': growth('server')
  };
}

/** The slope that lies in the middle of those between all pairs of points: an outlier does not turn it. */
function slope(points) {
  const slopes = points.flatMap(([x, y], place) =>
    points.slice(place + 1).map(([later, then]) => (then - y) / (later - x))
  );
  return median(slopes.filter(Number.isFinite));
}

/** Have the runs started. */
async function startRuns() {
  console.log('ready');
  process.stdin.resume();
  await once(process.stdin, 'end');
}

const browser = await launch();
try {
  console.log(JSON.stringify(await (kind === 'cost' ? cost : memory)(browser)));
} finally {
  await browser.close();
}
