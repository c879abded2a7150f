import { type ApiError, toApiError } from '../client/errors';
import type { IClient } from '../client/tokens';
import type { IExperiment } from '../client/types';
import type { IChange, IChanges } from './changes';
import type { IProjectHolder } from './jobs';
import { Observable } from './observable';
import { Pace } from './pace';
import { Turns } from './turns';

/** How much seldomer than for runs that begin or end to ask for what runs have logged, which changes no experiment. */
const PLAIN = 10;

/** The experiments of the current project. */
export class ExperimentsModel extends Observable {
  constructor(options: ExperimentsModel.IOptions) {
    super();
    this._client = options.client;
    this._project = options.project;
    this._changes = options.changes;
    this._pace = new Pace(() => this.refresh(), options.limit ?? 2000);
    this._plain = new Pace(() => this.refresh(), PLAIN * (options.limit ?? 2000));
    this._project.changed.connect(this._onProject, this);
    this._changes.changed.connect(this._onChange, this);
    this._onProject();
  }

  get experiments(): readonly IExperiment[] {
    return this._experiments;
  }

  get error(): ApiError | null {
    return this._error;
  }

  override dispose(): void {
    this._project.changed.disconnect(this._onProject, this);
    this._changes.changed.disconnect(this._onChange, this);
    this._pace.dispose();
    this._plain.dispose();
    super.dispose();
  }

  /** Ask again. */
  async refresh(): Promise<void> {
    const id = this._id;
    if (id === null) {
      return;
    }
    try {
      const experiments = await this._client.experiments(id);
      if (id !== this._id || this.isDisposed) {
        return;
      }
      this._experiments = experiments;
      this._error = null;
    } catch (error) {
      this._error = toApiError(error);
    }
    this.emitChanged();
  }

  private _onChange(_: unknown, change: IChange): void {
    if (change.project === this._id && change.runs?.length !== 0) {
      (this._turns.has(change) ? this._pace : this._plain).soon();
    }
  }

  private _onProject(): void {
    const id = this._project.project?.id ?? null;
    if (id !== this._id) {
      this._id = id;
      this._experiments = [];
      void this.refresh();
    }
  }

  private readonly _client: Pick<IClient, 'experiments'>;
  private readonly _project: IProjectHolder;
  private readonly _changes: IChanges;
  private readonly _pace: Pace;
  private readonly _plain: Pace;
  private readonly _turns = new Turns();
  private _id: string | null = null;
  private _experiments: readonly IExperiment[] = [];
  private _error: ApiError | null = null;
}

export namespace ExperimentsModel {
  export interface IOptions {
    client: Pick<IClient, 'experiments'>;
    project: IProjectHolder;
    changes: IChanges;
    /** How often to ask at most, in ms. */
    limit?: number;
  }
}
