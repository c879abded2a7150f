// What the measuring scripts share: Chromium, a page with JupyterLab in it, and the marks that the page set.

/* global window, performance, setTimeout, PerformanceObserver */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

import { chromium } from '@playwright/test';

const LIMIT = 60_000;
const TICKS = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking']
  });
}

/** A page of its own, which keeps all marks and when the hand moved; `speed` makes its timers run faster. */
export async function newPage(browser, speed = 1) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  page.setDefaultTimeout(LIMIT);
  await page.addInitScript(speed => {
    const marks = (window.trackbookMarks = []);
    new PerformanceObserver(list => {
      for (const { name, startTime } of list.getEntries()) {
        marks.push([name, startTime]);
      }
    }).observe({ type: 'mark', buffered: true });
    // What counts is when the hand moved, not when the browser was told to say so.
    for (const type of ['mouseup', 'keydown', 'input']) {
      window.addEventListener(type, event => (window.trackbookActed = event.timeStamp), true);
    }
    if (speed > 1) {
      const wait = window.setTimeout.bind(window);
      window.setTimeout = (call, ms = 0, ...more) =>
        wait(call, ms >= 100 ? ms / speed : ms, ...more);
    }
  }, speed);
  return page;
}

/** Open JupyterLab in a workspace of its own, up to where the project is known. */
export async function openLab(page, url, workspace) {
  await page.goto(`${url}/lab/workspaces/${workspace}`);
  await page.waitForFunction(() => window.jupyterapp?.commands.isEnabled('trackbook:open-table'));
  await page.evaluate(() => window.jupyterapp.restored);
}

/** Execute a command; returns when that was, by the page's clock. */
export function command(page, name, args = {}) {
  return page.evaluate(
    ({ name, args }) => {
      const began = performance.now();
      void window.jupyterapp.commands.execute(name, args);
      return began;
    },
    { name, args }
  );
}

/** When a mark was set for the `count`th time after a moment; waits for it. */
export async function markAfter(page, name, since, count = 1) {
  const find = ({ name, since, count }) =>
    window.trackbookMarks.filter(([mark, at]) => mark === `trackbook:${name}` && at >= since)[
      count - 1
    ]?.[1];
  const asked = { name, since, count };
  await page.waitForFunction(find, asked);
  return page.evaluate(find, asked);
}

/** How long it takes from what the hand does last in `act` to a mark, in ms. */
export async function timed(page, name, act) {
  const began = await page.evaluate(() => performance.now());
  await act();
  const acted = await page.evaluate(() => window.trackbookActed);
  if (!(acted >= began)) {
    throw new Error(`Nothing was pressed before ${name}.`);
  }
  return (await markAfter(page, name, acted)) - acted;
}

/** The lengths of a page's frames while something goes on, in ms. */
export async function framesWhile(page, act) {
  await page.evaluate(() => {
    const frames = (window.trackbookFrames = []);
    let last = performance.now();
    const next = now => {
      frames.push(now - last);
      last = now;
      if (window.trackbookFrames === frames) {
        window.requestAnimationFrame(next);
      }
    };
    window.requestAnimationFrame(next);
  });
  await act();
  const frames = await page.evaluate(() => {
    const frames = window.trackbookFrames.slice(1);
    window.trackbookFrames = null;
    return frames;
  });
  return frames.sort((one, other) => one - other);
}

export function median(values) {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle - 1)]) / 2;
}

export const pause = seconds => new Promise(done => setTimeout(done, seconds * 1000));

/** The processor time that a process has taken, in seconds; that of its descendants too, if they are wanted. */
export function processorTime(pid, withDescendants = false) {
  const processes = new Map();
  for (const name of readdirSync('/proc')) {
    if (/^\d+$/.test(name)) {
      try {
        const text = readFileSync(`/proc/${name}/stat`, 'utf8');
        const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
        const taken = (Number(fields[11]) + Number(fields[12])) / TICKS;
        processes.set(Number(name), { parent: Number(fields[1]), taken });
      } catch {
        // It has ended meanwhile.
      }
    }
  }
  let sum = 0;
  for (const [id, { taken }] of processes) {
    let at = id;
    while (withDescendants && at !== pid && processes.has(at)) {
      at = processes.get(at).parent;
    }
    sum += at === pid ? taken : 0;
  }
  return sum;
}

/** The processor time of the browser: all that this script has started. */
export function browserTime() {
  return processorTime(process.pid, true) - processorTime(process.pid);
}

/** The memory of a process that nobody else could have, in MB: without files, which an index is, that it has mapped. */
export function ownMegabytes(pid) {
  const [, resident, shared] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ').map(Number);
  return ((resident - shared) * 4096) / 1e6;
}
