import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, type APIRequestContext } from '@playwright/test';

import { freePort } from './freePort';

/** A JupyterLab of a test's own, which can be killed and started again on the same port. */
export class OwnServer {
  constructor(private readonly _request: APIRequestContext) {
    this._folder = mkdtempSync(join(tmpdir(), 'trackbook-own-'));
    this.root = join(this._folder, 'root');
    ['root', 'tmp'].forEach(name => mkdirSync(join(this._folder, name)));
  }

  /** Where its files lie. */
  readonly root: string;

  get url(): string {
    return `http://127.0.0.1:${this._port}`;
  }

  /** Start it, and wait until it answers. */
  async start(): Promise<void> {
    const config = join(__dirname, '../jupyter_server_test_config.py');
    this._process = spawn('jupyter', ['lab', '--config', config], {
      stdio: 'ignore',
      env: {
        ...process.env,
        TRACKBOOK_UI_PORT: this._port,
        JUPYTERLAB_GALATA_ROOT_DIR: this.root,
        HOME: this._folder,
        IPYTHONDIR: join(this._folder, 'ipython'),
        JUPYTER_CONFIG_DIR: join(this._folder, 'config'),
        JUPYTER_DATA_DIR: join(this._folder, 'data'),
        JUPYTER_RUNTIME_DIR: join(this._folder, 'runtime'),
        JUPYTERLAB_SETTINGS_DIR: join(this._folder, 'settings'),
        TMPDIR: join(this._folder, 'tmp'),
        TRACKBOOK_STORE: ''
      }
    });
    await expect
      .poll(() => this._request.get(`${this.url}/api/status`).then(String, () => null), {
        timeout: 120_000
      })
      .not.toBeNull();
  }

  /** Kill it, as a machine that goes down would. */
  async kill(): Promise<void> {
    const child = this._process;
    this._process = null;
    if (child && child.exitCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
  }

  /** Kill it, and remove what it wrote. */
  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this._folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 500 });
  }

  private readonly _folder: string;
  private readonly _port = freePort();
  private _process: ChildProcess | null = null;
}
