import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { defineConfig } from '@playwright/test';

import { freePort } from './support/freePort';

// Playwright reads this file again in each worker, which inherits the environment: made once, found later.
process.env.TRACKBOOK_UI_FOLDER ??= mkdtempSync(join(tmpdir(), 'trackbook-ui-'));
process.env.TRACKBOOK_UI_PORT ??= freePort();
const folder = process.env.TRACKBOOK_UI_FOLDER;
const root = join(folder, 'root');
const temporary = join(folder, 'tmp');
mkdirSync(root, { recursive: true });
mkdirSync(temporary, { recursive: true });
process.env.JUPYTERLAB_GALATA_ROOT_DIR = root;
const url = `http://127.0.0.1:${process.env.TRACKBOOK_UI_PORT}`;
// Galata's helpers for contents and settings ask for it by this name.
process.env.TARGET_URL = url;

export default defineConfig({
  testDir: '.',
  outputDir: 'test-results',
  reporter: [['list'], ['html', { open: 'never', outputFolder: 'playwright-report' }]],
  forbidOnly: Boolean(process.env.CI),
  // One JupyterLab, one browser: two would only take the cores from each other.
  workers: 1,
  fullyParallel: false,
  retries: process.env.CI ? 1 : 0,
  timeout: 180_000,
  expect: { timeout: 30_000 },
  globalTeardown: './support/teardown.ts',
  use: {
    baseURL: url,
    viewport: { width: 1280, height: 800 },
    // Recording needs an ffmpeg that comes with Playwright's own browsers only.
    video: 'off',
    // Recording takes a fifth of the time: in CI only what runs once more is recorded.
    trace: process.env.CI ? 'on-first-retry' : 'retain-on-first-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking']
    }
  },
  webServer: {
    command: `jupyter lab --config ${join(__dirname, 'jupyter_server_test_config.py')}`,
    url: `${url}/lab`,
    reuseExistingServer: false,
    timeout: 120_000,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 15_000 },
    stdout: 'ignore',
    stderr: process.env.TRACKBOOK_UI_LOG ? 'pipe' : 'ignore',
    env: {
      // Nobody's own settings, kernels or extensions take part.
      HOME: folder,
      IPYTHONDIR: join(folder, 'ipython'),
      JUPYTER_CONFIG_DIR: join(folder, 'config'),
      JUPYTER_DATA_DIR: join(folder, 'data'),
      JUPYTER_RUNTIME_DIR: join(folder, 'runtime'),
      JUPYTERLAB_SETTINGS_DIR: join(folder, 'settings'),
      TMPDIR: temporary,
      TRACKBOOK_STORE: ''
    }
  }
});
