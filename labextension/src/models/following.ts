import type { IDisposable } from '@lumino/disposable';

import type { IChange, IChanges } from './changes';
import { Observable } from './observable';
import { Pace } from './pace';

/** A model that follows what changes in a project, and asks the server again, but not more often than is of use. */
export abstract class FollowingModel extends Observable {
  /** `limit` is the least time between two requests, in ms. */
  constructor(changes: IChanges, project: string, limit: number) {
    super();
    this.project = project;
    this._changes = changes;
    this._watch = changes.watch(project);
    this._pace = new Pace(() => this.refresh(), limit);
    changes.changed.connect(this._onChange, this);
  }

  readonly project: string;

  override dispose(): void {
    if (!this.isDisposed) {
      this._changes.changed.disconnect(this._onChange, this);
      this._watch.dispose();
      this._pace.dispose();
      super.dispose();
    }
  }

  /** Ask the server now. */
  abstract refresh(): Promise<void>;

  /** Something of the project changed; asks soon, unless a model knows better. */
  protected onChange(_: IChange): void {
    this.refreshSoon();
  }

  /** Ask the server when it is time again. */
  protected refreshSoon(): void {
    this._pace.soon();
  }

  private _onChange(_: unknown, change: IChange): void {
    if (change.project === this.project) {
      this.onChange(change);
    }
  }

  private readonly _changes: IChanges;
  private readonly _watch: IDisposable;
  private readonly _pace: Pace;
}

/** Whether a change is about one of these runs, or may be. */
export function concerns(change: IChange, runs: readonly string[]): boolean {
  return !change.runs || change.runs.some(run => runs.includes(run.id));
}
