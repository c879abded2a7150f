import type {
  IBulkRequest,
  IBulkResult,
  ICheckRequest,
  IGroupPage,
  IGroupsRequest,
  IQueryProblem,
  IRunGroup,
  ITableClient,
  ITableColumns,
  ITablePage,
  ITableRequest,
  IView,
  IViewChange,
  IViewDraft
} from '../../src/client/table';
import { ApiError } from '../../src/client/errors';
import type { JsonValue } from '../../src/client/types';
import { ColoursModel } from '../../src/models/colours';
import { RunQueryModel } from '../../src/models/runQuery';
import { SelectionModel } from '../../src/models/selection';
import { makeColumn } from '../../src/models/table/columns';
import { TableModel } from '../../src/models/table/tableModel';
import { TablePage } from '../../src/models/table/tablePage';
import { EMPTY_SPEC, type ITableSpec } from '../../src/models/table/tableSpec';
import { FakeChanges, PROJECT } from './fakes';
import { runId } from './samples';

/** A run of the fake table. */
export interface IFakeRun {
  id: string;
  number: number;
  lr: number;
  acc: number | null;
  status: string;
}

/** `count` runs, the newest first, in two groups. */
export function fakeRuns(count: number): IFakeRun[] {
  return Array.from({ length: count }, (_, place) => {
    const number = count - place;
    const lr = number % 2 ? 0.1 : 0.3;
    return { id: runId(number), number, lr, acc: number / 1000, status: 'finished' };
  });
}

/** A server that has runs; it understands of a search what the table itself adds to it. */
export class FakeTable implements ITableClient {
  readonly windows: ITableRequest[] = [];
  readonly grouped: IGroupsRequest[] = [];
  readonly aborted: number[] = [];
  error: ApiError | null = null;
  problem: IQueryProblem | null = null;
  saved: IView[] = [];
  revision = 1;
  /** Answers wait for it, when a test wants to see what happens meanwhile. */
  gate: Promise<void> | null = null;

  constructor(public all: IFakeRun[]) {}

  async window(_: string, request: ITableRequest, signal?: AbortSignal): Promise<ITablePage> {
    this.windows.push(request);
    await (this.gate ?? Promise.resolve());
    if (signal?.aborted) {
      this.aborted.push(request.offset ?? 0);
      throw Object.assign(new Error('aborted'), { name: 'AbortError' });
    }
    if (this.error) {
      throw this.error;
    }
    const runs = this._matching(request);
    const { offset = 0, limit = 100 } = request;
    const shown = runs.slice(offset, offset + limit);
    return {
      total: runs.length,
      revision: this.revision,
      ids: shown.map(({ id }) => id),
      columns: (request.columns ?? []).map(column => shown.map(run => valueOf(run, column))),
      sparks: (request.sparks ?? []).map(() => shown.map(({ acc }) => [0, acc ?? 0]))
    };
  }

  async groups(_: string, request: IGroupsRequest): Promise<IGroupPage> {
    this.grouped.push(request);
    await Promise.resolve();
    const runs = this._matching(request);
    const groups = [0.1, 0.3].map((lr): IRunGroup => {
      const own = runs.filter(run => run.lr === lr);
      const values = own.map(({ acc }) => acc ?? 0);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const numbers = { count: own.length, mean, min: 0, max: 1, std: null };
      const columns = (request.columns ?? []).map(name =>
        name === 'metrics.acc' ? numbers : null
      );
      return { values: [lr], count: own.length, columns, best: null };
    });
    return { total: 2, runs: runs.length, revision: 1, groups };
  }

  async columns(): Promise<ITableColumns> {
    return Promise.resolve({
      revision: 1,
      columns: [
        { column: 'params.lr', kind: 'param', type: 'number', count: 9, goal: null },
        { column: 'metrics.acc', kind: 'metric', type: 'number', count: 9, goal: 'max' },
        { column: 'tags.team', kind: 'tag', type: 'text', count: 2, goal: null },
        { column: 'name', kind: 'attribute', type: 'text', count: 9, goal: null }
      ]
    });
  }

  async check(_: string, __: ICheckRequest): Promise<IQueryProblem | null> {
    return Promise.resolve(this.problem);
  }

  async bulk(_: string, { runs }: IBulkRequest): Promise<IBulkResult> {
    return Promise.resolve({ changed: [...runs], failed: [] });
  }

  async views(): Promise<IView[]> {
    return Promise.resolve(this.saved);
  }

  async view(_: string, id: string): Promise<IView> {
    return Promise.resolve(this.saved.find(view => view.id === id)!);
  }

  async createView(_: string, draft: IViewDraft): Promise<IView> {
    await Promise.resolve();
    if (this.saved.some(({ name }) => name === draft.name)) {
      throw new ApiError('conflict', `There is a view of the name ${draft.name}.`, 409);
    }
    const dates = { created: '2026-11-27T00:00:00Z', updated: '2026-11-27T00:00:00Z' };
    const id = `view-${this.saved.length + 1}`;
    const view: IView = { ...draft, content: { ...draft.content }, ...dates, id, revision: 1 };
    this.saved = [...this.saved, view];
    return view;
  }

  async changeView(_: string, id: string, change: IViewChange): Promise<IView> {
    await Promise.resolve();
    const known = this.saved.find(view => view.id === id)!;
    if (known.revision !== change.revision) {
      throw new ApiError('conflict', 'The view has changed.', 409);
    }
    const view: IView = {
      ...known,
      name: change.name ?? known.name,
      content: { ...(change.content ?? known.content) },
      revision: known.revision + 1
    };
    this.saved = this.saved.map(other => (other.id === id ? view : other));
    return view;
  }

  async deleteView(_: string, id: string): Promise<IView> {
    const view = this.saved.find(other => other.id === id)!;
    this.saved = this.saved.filter(other => other !== view);
    return Promise.resolve(view);
  }

  private _matching({
    scope,
    order_by,
    group
  }: ITableRequest & { group?: ITableRequest['group'] }) {
    const query = scope?.query ?? '';
    const most = /number <= (\d+)/.exec(query)?.[1];
    const least = /number > (\d+)/.exec(query)?.[1];
    const ids = /id in \(([^)]*)\)/.exec(query)?.[1];
    const status = /status = '(\w+)'/.exec(query)?.[1];
    const runs = this.all.filter(
      run =>
        (most === undefined || run.number <= Number(most)) &&
        (least === undefined || run.number > Number(least)) &&
        (ids === undefined || ids.includes(run.id)) &&
        (status === undefined || run.status === status) &&
        (group ?? []).every(({ column, value }) => valueOf(run, column) === value)
    );
    if (!order_by) {
      return runs;
    }
    const [column, direction] = order_by.split(',')[0].split(' ');
    const sign = direction === 'desc' ? -1 : 1;
    return [...runs].sort(
      (one, other) => sign * (Number(valueOf(one, column)) - Number(valueOf(other, column)))
    );
  }
}

function valueOf(run: IFakeRun, column: string): JsonValue {
  const values: Record<string, JsonValue> = {
    number: run.number,
    name: `run ${run.number}`,
    status: run.status,
    started: '2026-11-27T00:00:00Z',
    'params.lr': run.lr,
    'metrics.acc': run.acc
  };
  return values[column] ?? null;
}

export const SPEC: ITableSpec = {
  ...EMPTY_SPEC,
  columns: ['name', 'params.lr', 'metrics.acc'].map(column => makeColumn(column))
};

/** A table over a fake server, as it is before the first answer. */
export function makeTable(count: number, spec: ITableSpec | null = SPEC) {
  const client = new FakeTable(fakeRuns(count));
  const changes = new FakeChanges();
  const query = new RunQueryModel();
  const options = { client, changes, project: PROJECT.id, query, spec, pace: 1 };
  return { client, changes, query, table: new TableModel(options) };
}

/** The page of a table over a fake server. */
export function makePage(count: number, spec: ITableSpec | null = SPEC) {
  const client = new FakeTable(fakeRuns(count));
  const changes = new FakeChanges();
  const selection = new SelectionModel();
  const edits: unknown[] = [];
  const run = { name: 'run', notes: 'first', tags: { team: 'vision' } };
  const answers = {
    error: null as ApiError | null,
    editRun: (_: string, id: string, edit: unknown) => {
      edits.push([id, edit]);
      return answers.error ? Promise.reject(answers.error) : Promise.resolve(run as never);
    }
  };
  const page = new TablePage({
    client: {
      runTable: client,
      run: () => Promise.resolve({ run } as never),
      editRun: (...args) => answers.editRun(...args)
    },
    changes,
    project: PROJECT.id,
    selection,
    colours: new ColoursModel(),
    spec,
    view: null
  });
  return { client, changes, selection, page, table: page.table, edits, answers };
}
