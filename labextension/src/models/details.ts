import type { IDisposable } from '@lumino/disposable';

import { RunModel } from './run';

/** The detail models of the runs that are unfolded, and of no others. */
export class Details implements IDisposable {
  constructor(options: Omit<RunModel.IOptions, 'project' | 'id'>) {
    this._options = options;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** The model of a run; the same each time until `keep` lets it go. */
  get(project: string, id: string): RunModel {
    let model = this._models.get(id);
    if (!model || model.isDisposed || model.project !== project) {
      model?.dispose();
      model = new RunModel({ ...this._options, project, id });
      this._models.set(id, model);
    }
    return model;
  }

  /** Let go of the models of all runs but these. */
  keep(ids: ReadonlySet<string>): void {
    for (const [id, model] of this._models) {
      if (!ids.has(id)) {
        this._models.delete(id);
        model.dispose();
      }
    }
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this.keep(new Set());
    }
  }

  private readonly _options: Omit<RunModel.IOptions, 'project' | 'id'>;
  private readonly _models = new Map<string, RunModel>();
  private _isDisposed = false;
}
