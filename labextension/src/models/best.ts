import type { IClient } from '../client/tokens';
import type { IRun } from '../client/types';
import type { IChange, IChanges } from './changes';
import { goalOf, headlineSeries } from './headline';
import { Observable } from './observable';
import { Pace } from './pace';
import type { RunListModel } from './runList';

/** Which run of each experiment is the best by its headline metric, where that has a goal. */
export class BestModel extends Observable {
  constructor(options: BestModel.IOptions) {
    super();
    this._client = options.client;
    this._changes = options.changes;
    this._list = options.list;
    this._pace = new Pace(() => this._ask(), options.limit ?? 2000);
    this._list.changed.connect(this._onList, this);
    this._changes.changed.connect(this._onChange, this);
  }

  has(run: IRun): boolean {
    return this._best.get(raceOf(run)) === run.id;
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._pace.dispose();
      this._list.changed.disconnect(this._onList, this);
      this._changes.changed.disconnect(this._onChange, this);
      super.dispose();
    }
  }

  private _onList(): void {
    const project = this._list.project.project?.id ?? null;
    if (project !== this._project) {
      this._project = project;
      this._best.clear();
      this._asked.clear();
    }
    const { rows } = this._list;
    for (let index = 0; index < Math.min(rows.total, 200); index += 1) {
      const run = rows.at(index);
      const race = run && raceOf(run);
      if (race && !this._asked.has(race)) {
        this._asked.add(race);
        this._waiting.add(race);
      }
    }
    if (this._waiting.size) {
      this._pace.soon();
    }
  }

  private _onChange(_: unknown, change: IChange): void {
    if (change.project === this._project && change.runs?.length !== 0) {
      this._asked.clear();
    }
  }

  private async _ask(): Promise<void> {
    const project = this._project;
    const races = [...this._waiting];
    this._waiting.clear();
    if (project === null) {
      return;
    }
    for (const race of races) {
      const [experiment, series, goal] = JSON.parse(race) as [string, string, string];
      const orderBy = `metrics.${quote(series)} ${goal === 'max' ? 'desc' : 'asc'}`;
      const page = await this._client.runs(project, { experiment, orderBy, limit: 1 });
      if (this.isDisposed || project !== this._project) {
        return;
      }
      const best = page.runs[0];
      // A single run is the best of nothing.
      const id = page.total > 1 && best && Number.isFinite(best.metrics[series]) ? best.id : null;
      if (this._best.get(race) !== id) {
        this._best.set(race, id);
        this.emitChanged();
      }
    }
  }

  private readonly _client: Pick<IClient, 'runs'>;
  private readonly _changes: IChanges;
  private readonly _list: RunListModel;
  private readonly _pace: Pace;
  private readonly _best = new Map<string, string | null>();
  private readonly _asked = new Set<string>();
  private readonly _waiting = new Set<string>();
  private _project: string | null = null;
}

export namespace BestModel {
  export interface IOptions {
    client: Pick<IClient, 'runs'>;
    changes: IChanges;
    list: RunListModel;
    /** How often to ask at most, in ms. */
    limit?: number;
  }
}

/** Runs that can be compared: experiment, metric and goal; empty text where there is no goal. */
function raceOf(run: IRun): string {
  const series = headlineSeries(run);
  const goal = series === null ? null : goalOf(run, series);
  return goal === null ? '' : JSON.stringify([run.experiment, series, goal]);
}

/** A key as the search language wants it when it is no plain name. */
function quote(key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_.]*$/.test(key) ? key : `\`${key}\``;
}
