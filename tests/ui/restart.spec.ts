import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';

import { expect, type Page, test } from '@playwright/test';

import { execute } from './support/commands';
import { OwnServer } from './support/ownServer';
import { runRow } from './support/runs';

test.use({ actionTimeout: 30_000 });

test('Two tabs, a server that is killed and started again, and nothing that leaves it', async ({
  browser,
  request
}) => {
  test.setTimeout(240_000);
  const server = new OwnServer(request);
  execFileSync('python', [join(__dirname, 'support/fill_store.py'), server.root, '3']);
  const writer = spawn('python', [join(__dirname, 'support/live_run.py'), server.root]);
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  try {
    await server.start();
    const asked = new Set<string>();
    const note = (url: string) => asked.add(new URL(url).protocol + new URL(url).host);
    context.on('request', request => note(request.url()));
    const [one, two] = [await context.newPage(), await context.newPage()];
    for (const [name, page] of Object.entries({ one, two })) {
      page.on('websocket', socket => note(socket.url()));
      await page.goto(`${server.url}/lab/workspaces/${name}?reset`);
      await page.waitForFunction(() => Boolean(window.jupyterapp), null, { timeout: 120_000 });
      await page.evaluate(async () => {
        await window.jupyterapp.restored;
      });
      await execute(page, 'trackbook:show-runs');
      await expect(page.getByRole('treeitem')).toHaveCount(4, { timeout: 120_000 });
    }
    const running = runRow(one, 4).getByRole('img', { name: 'running' });
    await expect(running).toBeVisible();

    await test.step('nothing moves where the system asks for it', async () => {
      const moving = () =>
        one.evaluate(
          () =>
            document.getAnimations().filter(({ effect }) => {
              const target = effect instanceof KeyframeEffect ? effect.target : null;
              return target?.closest('.trackbook-Sidebar, .trackbook-View');
            }).length
        );
      await expect.poll(moving).toBeGreaterThan(0);
      await one.emulateMedia({ reducedMotion: 'reduce' });
      await expect.poll(moving).toBe(0);
    });

    await test.step('what is changed in one tab is seen in the other', async () => {
      await runRow(two, 1).locator('.trackbook-RunRow').click();
      await two.keyboard.press('ArrowRight');
      await runRow(one, 1).locator('.trackbook-RunRow').click();
      await one.keyboard.press('F2');
      await one.getByRole('textbox', { name: 'Name' }).fill('the one of both tabs');
      await one.keyboard.press('Enter');
      await expect(one.getByRole('textbox', { name: 'Name' })).toHaveCount(0);
      await expect(two.locator('.trackbook-Details-name')).toHaveText('the one of both tabs', {
        timeout: 60_000
      });
    });

    const notes = one.getByRole('textbox', { name: 'Notes' });
    const search = two.getByRole('searchbox', { name: 'Search runs' });
    const lost = (page: Page) => page.getByText(/The server doesn’t answer/);
    await test.step('while nobody answers, it is said, and nothing typed is lost', async () => {
      await runRow(one, 1).locator('.trackbook-RunRow').click();
      await one.keyboard.press('ArrowRight');
      await one.getByRole('button', { name: /^Notes/ }).click();
      await notes.fill('half of a');
      await server.kill();
      for (const page of [one, two]) {
        await expect(lost(page)).toBeVisible({ timeout: 60_000 });
        await expect(page.getByRole('treeitem')).toHaveCount(4); // what was read stays
        // JupyterLab says so, too, over everything.
        const dialog = page.locator('.jp-Dialog');
        await dialog.getByRole('checkbox').check({ timeout: 60_000 }); // and not once more
        await dialog.getByRole('button', { name: 'Close' }).click();
        await expect(dialog).toHaveCount(0);
      }
      await notes.pressSequentially(' thought');
      await notes.press('Control+Enter');
      await expect(one.locator('.trackbook-FieldError')).toHaveText('The server didn’t answer.');
      await search.fill('params.lr > 0');
    });

    await test.step('once it is back, all heals by itself', async () => {
      await server.start();
      for (const page of [one, two]) {
        await expect(lost(page)).toHaveCount(0, { timeout: 60_000 });
      }
      await expect(notes).toHaveValue('half of a thought');
      await expect(search).toHaveValue('params.lr > 0');
      await expect(two.getByRole('treeitem')).toHaveCount(4);
      await notes.press('Control+Enter');
      await expect(one.getByRole('button', { name: 'Notes: half of a thought' })).toBeVisible();
      await expect(two.getByRole('button', { name: 'Notes: half of a thought' })).toBeVisible({
        timeout: 60_000
      });
      // Runs went on meanwhile, and their values move again.
      await expect(running).toBeVisible();
      const metric = runRow(one, 4).locator('.trackbook-RunRow-metric');
      const before = await metric.textContent();
      await expect(metric).not.toHaveText(before ?? '', { timeout: 60_000 });
      writer.stdin.end('\n');
      await expect(runRow(one, 4).getByRole('img', { name: 'finished' })).toBeVisible({
        timeout: 60_000
      });
    });

    const { host } = new URL(server.url);
    const own = [`http:${host}`, `ws:${host}`, 'data:', 'blob:'];
    expect([...asked].filter(place => !own.includes(place))).toEqual([]);
    expect([...asked]).toEqual(expect.arrayContaining([`http:${host}`, `ws:${host}`]));
  } finally {
    writer.kill('SIGKILL');
    await context.close();
    await server.dispose();
  }
});
