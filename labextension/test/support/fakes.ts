import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { type IRunQuery } from '../../src/client/tokens';
import { type IProject, type IRun, type IRunPage } from '../../src/client/types';
import { type IChange, type IChangedRun, type IChanges } from '../../src/models/changes';
import { ProjectModel } from '../../src/models/project';

export const PROJECT: IProject = {
  id: '019aa5a0-1c2d-7e3f-8a4b-5c6d7e8f9a0b',
  name: 'churn',
  path: 'work/churn'
};

/** Changes that a test tells of. */
export class FakeChanges implements IChanges {
  readonly changed = new Signal<this, IChange>(this);
  readonly watched: string[] = [];
  readonly revisions: number[] = [];

  watch(project: string): IDisposable {
    this.watched.push(project);
    return new DisposableDelegate(() => {
      this.watched.splice(this.watched.indexOf(project), 1);
    });
  }

  met(_project: string, revision: number): void {
    this.revisions.push(revision);
  }

  /** Say that runs and jobs changed; null for "anything may have". */
  tell(runs: readonly string[] | null, jobs: readonly string[] | null = [], project = PROJECT.id) {
    const changed = runs?.map(id => changedRun(id)) ?? null;
    this.changed.emit({ project, revision: 1, runs: changed, jobs });
  }
}

/** A changed run as an event carries it. */
export function changedRun(id: string, change: Partial<IChangedRun> = {}): IChangedRun {
  return {
    id,
    status: 'running',
    kernel_id: 'k',
    message_id: null,
    end_message_id: null,
    has_document: { start: false, end: false },
    ...change
  };
}

/** A server that has runs, the newest first; it counts what it is asked. */
export class FakeRuns {
  readonly asked: IRunQuery[] = [];
  revision = 1;
  error: Error | null = null;

  constructor(public all: IRun[]) {}

  async findProject(): Promise<IProject | null> {
    return Promise.resolve(PROJECT);
  }

  async runs(_: string, query: IRunQuery = {}, signal?: AbortSignal): Promise<IRunPage> {
    this.asked.push(query);
    await Promise.resolve();
    if (signal?.aborted) {
      throw Object.assign(new Error('aborted'), { name: 'AbortError' });
    }
    if (this.error) {
      throw this.error;
    }
    const word = query.query ?? '';
    const matching = this.all.filter(run => !word || run.name.includes(word));
    const { offset = 0, limit = 100 } = query;
    const runs = matching.slice(offset, offset + limit);
    return { total: matching.length, revision: this.revision, runs };
  }
}

/** A project model that has found its project. */
export async function readyProject(client: FakeRuns, changes: IChanges): Promise<ProjectModel> {
  const project = new ProjectModel({ client, changes, standby: 'never' });
  project.follow('work/churn/train.ipynb', 'work/churn');
  await until(() => project.project !== null);
  return project;
}

/** Wait until something holds. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadline) {
      throw new Error(`This never came true: ${condition.toString()}`);
    }
    await new Promise(resolve => setTimeout(resolve, 2));
  }
}

/** Let everything that is ready happen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise(resolve => setTimeout(resolve, 0));
  }
}
