import type { IDisposable } from '@lumino/disposable';
import { type IPoll, Poll } from '@lumino/polling';

import { type ApiError, toApiError } from '../client/errors';
import type { IClient } from '../client/tokens';
import type { IProject } from '../client/types';
import { type IChanges } from './changes';
import { Observable } from './observable';

/** The project that the user is in: that of the current notebook, else of the file browser's folder. */
export class ProjectModel extends Observable {
  constructor(options: ProjectModel.IOptions) {
    super();
    this._client = options.client;
    this._changes = options.changes;
    // A store appears when a kernel opens the first run, and nobody tells of it: ask, less and less often.
    this._poll = new Poll({
      name: 'trackbook:project',
      auto: false,
      factory: async () => {
        if (!(await this._find())) {
          throw new Error('There is no store yet.'); // makes the poll back off
        }
      },
      frequency: options.frequency ?? { interval: 2000, backoff: 1.3, max: 30_000 },
      standby: options.standby ?? 'when-hidden'
    });
  }

  /** The project; null while it isn't known or there is no store yet. */
  get project(): IProject | null {
    return this._project;
  }

  /** A project that the user has been in; undefined for others. */
  known(id: string): IProject | undefined {
    return this._known.get(id);
  }

  /** The contents path of the current notebook, if there is one. */
  get notebook(): string | null {
    return this._notebook;
  }

  /** The contents path that was asked about: the notebook or the folder. */
  get path(): string | null {
    return this._path;
  }

  /** Whether the server has answered for this path. */
  get isReady(): boolean {
    return this._isReady;
  }

  /** Why the project isn't known. */
  get error(): ApiError | null {
    return this._error;
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._poll.dispose();
      this._watch?.dispose();
      super.dispose();
    }
  }

  /** Follow the user to a notebook, or to a folder when no notebook is open. */
  follow(notebook: string | null, folder: string): void {
    const path = notebook ?? folder;
    if (path === this._path && notebook === this._notebook) {
      return;
    }
    this._path = path;
    this._notebook = notebook;
    this.emitChanged();
    void this.refresh();
  }

  /** Ask the server again. */
  async refresh(): Promise<void> {
    if (!this.isDisposed) {
      await this._poll.refresh();
      await this._poll.tick.catch(() => undefined);
    }
  }

  /** Something ran: when there was no store, there may be one now. */
  poke(): void {
    if (!this._project && this._isReady) {
      void this.refresh();
    }
  }

  private async _find(): Promise<boolean> {
    const path = this._path;
    if (path === null) {
      return false;
    }
    try {
      const project = await this._client.findProject(path);
      if (path === this._path && !this.isDisposed) {
        this._answered(project, null);
      }
    } catch (error) {
      if (path === this._path && !this.isDisposed) {
        this._answered(this._project, toApiError(error));
      }
    }
    return this._project !== null && this._error === null;
  }

  private _answered(project: IProject | null, error: ApiError | null): void {
    if (project && !error) {
      void this._poll.stop();
    }
    const same = project?.id === this._project?.id && !error && !this._error && this._isReady;
    this._error = error;
    this._isReady = true;
    if (project?.id !== this._project?.id) {
      this._watch?.dispose();
      this._watch = project ? this._changes.watch(project.id) : null;
    }
    this._project = project;
    if (project) {
      this._known.set(project.id, project);
    }
    if (!same) {
      this.emitChanged();
    }
  }

  private readonly _client: Pick<IClient, 'findProject'>;
  private readonly _changes: IChanges;
  private readonly _poll: Poll;
  private _project: IProject | null = null;
  private readonly _known = new Map<string, IProject>();
  private _notebook: string | null = null;
  private _path: string | null = null;
  private _isReady = false;
  private _error: ApiError | null = null;
  private _watch: IDisposable | null = null;
}

export namespace ProjectModel {
  export interface IOptions {
    client: Pick<IClient, 'findProject'>;
    changes: IChanges;
    frequency?: IPoll.Frequency;
    standby?: Poll.Standby;
  }
}
