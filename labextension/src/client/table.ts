import type { ServerConnection } from '@jupyterlab/services';

import { toNumber } from './numbers';
import { type IRequestOptions, requestJson } from './request';
import type { Goal, JsonValue } from './types';

/** Which runs are meant: all of a project's that match. */
export interface IRunScope {
  /** A search in Trackbook's language; empty for all. */
  readonly query: string;
  /** The contents path of a notebook, null for any. */
  readonly notebook: string | null;
  readonly experiment: string | null;
  /** The runs in the trash instead of the others. */
  readonly trashed: boolean;
}

/** A value that the runs of a group have in a column; null where they have none. */
export interface IGroupValue {
  column: string;
  value: JsonValue;
}

/** A window of runs with their values in some columns. */
export interface ITableRequest {
  scope?: Partial<IRunScope>;
  /** As `metrics.acc desc, started`; the newest first without it, unless the query sorts. */
  order_by?: string;
  /** Fields of the search language, `min(metrics.loss)`, or arithmetic over numbers; at most 64. */
  columns?: readonly string[];
  /** Metrics whose short lines are wanted, by their one-line names; at most 4. */
  sparks?: readonly string[];
  /** Only the runs with these values: the rows of one group. */
  group?: readonly IGroupValue[];
  offset?: number;
  /** At most 1,000. */
  limit?: number;
}

/** A window of the run table, column by column. */
export interface ITablePage {
  /** All runs that match. */
  total: number;
  revision: number;
  ids: string[];
  /** For each column that was asked for a value a run: NaN and infinities are numbers, times ISO 8601, null is missing. */
  columns: JsonValue[][];
  /** For each metric that was asked for a line a run. */
  sparks: (number[] | null)[][];
}

/** A window of the groups that runs make by the values of one to three columns. */
export interface IGroupsRequest {
  scope?: Partial<IRunScope>;
  group_by: readonly string[];
  columns?: readonly string[];
  /** As `count desc, max of metrics.acc desc, params.lr`; by the groups' values without it. */
  order_by?: string;
  offset?: number;
  limit?: number;
}

/** What the numbers of a column are like in a group; null where there are none. */
export interface IAggregate {
  count: number;
  mean: number | null;
  min: number | null;
  max: number | null;
  std: number | null;
}

export interface IRunGroup {
  values: JsonValue[];
  count: number;
  /** For each of the columns, null where it has no numbers. */
  columns: (IAggregate | null)[];
  /** The best run by the first of the columns that is a metric with a goal. */
  best: string | null;
}

export interface IGroupPage {
  /** All groups. */
  total: number;
  /** The runs in all groups. */
  runs: number;
  revision: number;
  groups: IRunGroup[];
}

export type ColumnKind = 'param' | 'metric' | 'tag' | 'data' | 'attribute';
export type ColumnType = 'number' | 'text' | 'boolean' | 'time' | 'duration';

/** A column that the table can show, and how many runs have it. */
export interface ITableColumn {
  column: string;
  kind: ColumnKind;
  type: ColumnType;
  count: number;
  goal: Goal | null;
}

export interface ITableColumns {
  revision: number;
  columns: ITableColumn[];
}

/** Texts that a person is typing. */
export interface ICheckRequest {
  query?: string;
  order_by?: string;
  columns?: readonly string[];
}

/** Why a text can't be read, and which of its characters are to blame. */
export interface IQueryProblem {
  message: string;
  start: number;
  end: number;
  field: 'query' | 'order_by' | 'columns';
  /** Which of the columns. */
  place: number | null;
}

/** Something done with many runs at once. */
export interface IBulkRequest {
  /** At most 1,000 ids. */
  runs: readonly string[];
  action: 'trash' | 'restore' | 'tag' | 'untag';
  /** What `tag` sets; the names of what `untag` takes away. */
  tags?: Readonly<Record<string, string | null>>;
}

export interface IBulkResult {
  /** The runs that are not as they were before. */
  changed: string[];
  failed: { id: string; message: string }[];
}

export type ViewKind = 'table' | 'board';

/** A saved view, for all who work on the project. */
export interface IView {
  id: string;
  name: string;
  kind: ViewKind;
  content: Record<string, JsonValue>;
  created: string;
  updated: string;
  /** How often it was saved; changes name the one that they were made on. */
  revision: number;
}

export interface IViewDraft {
  name: string;
  kind: ViewKind;
  content: Readonly<Record<string, JsonValue>>;
}

/** What a view is to be; what is left out stays. */
export interface IViewChange {
  revision: number;
  name?: string;
  content?: Readonly<Record<string, JsonValue>>;
}

/** What the server answers about the run table. Each method rejects with an ApiError. */
export interface ITableClient {
  window(project: string, request: ITableRequest, signal?: AbortSignal): Promise<ITablePage>;
  groups(project: string, request: IGroupsRequest, signal?: AbortSignal): Promise<IGroupPage>;
  columns(project: string, signal?: AbortSignal): Promise<ITableColumns>;
  /** What keeps a text from being read; null if nothing does. */
  check(project: string, texts: ICheckRequest, signal?: AbortSignal): Promise<IQueryProblem | null>;
  bulk(project: string, request: IBulkRequest): Promise<IBulkResult>;
  views(project: string): Promise<IView[]>;
  view(project: string, id: string): Promise<IView>;
  /** Save a view under a name that no other of its kind has; else rejects with the code `conflict`. */
  createView(project: string, draft: IViewDraft): Promise<IView>;
  /** Change a view; rejects with the code `conflict` if somebody else has changed it since. */
  changeView(project: string, id: string, change: IViewChange): Promise<IView>;
  deleteView(project: string, id: string): Promise<IView>;
}

/** The requests of the run table. */
export class TableClient implements ITableClient {
  constructor(private readonly _settings: ServerConnection.ISettings) {}

  async window(project: string, request: ITableRequest, signal?: AbortSignal): Promise<ITablePage> {
    const page = await this._post<ITablePage>([project, 'table'], request, signal);
    const columns = page.columns.map((values, place) =>
      holdsNumbers(request.columns?.[place] ?? '') ? values.map(decodeValue) : values
    );
    const sparks = page.sparks.map(lines => lines.map(line => line && line.map(toNumber)));
    return { ...page, columns, sparks };
  }

  async groups(
    project: string,
    request: IGroupsRequest,
    signal?: AbortSignal
  ): Promise<IGroupPage> {
    const page = await this._post<IGroupPage>([project, 'table', 'groups'], request, signal);
    const groups = page.groups.map(group => ({
      ...group,
      columns: group.columns.map(column => column && decodeAggregate(column))
    }));
    return { ...page, groups };
  }

  async columns(project: string, signal?: AbortSignal): Promise<ITableColumns> {
    return this._ask<ITableColumns>([project, 'columns'], { signal });
  }

  async check(
    project: string,
    texts: ICheckRequest,
    signal?: AbortSignal
  ): Promise<IQueryProblem | null> {
    const path = [project, 'query', 'check'];
    return (await this._post<{ error: IQueryProblem | null }>(path, texts, signal)).error;
  }

  async bulk(project: string, request: IBulkRequest): Promise<IBulkResult> {
    return this._post<IBulkResult>([project, 'runs', 'bulk'], request);
  }

  async views(project: string): Promise<IView[]> {
    return (await this._ask<{ views: IView[] }>([project, 'views'])).views;
  }

  async view(project: string, id: string): Promise<IView> {
    return this._ask<IView>([project, 'views', id]);
  }

  async createView(project: string, draft: IViewDraft): Promise<IView> {
    return this._post<IView>([project, 'views'], draft);
  }

  async changeView(project: string, id: string, change: IViewChange): Promise<IView> {
    return this._ask<IView>([project, 'views', id], { method: 'PUT', body: change });
  }

  async deleteView(project: string, id: string): Promise<IView> {
    return this._ask<IView>([project, 'views', id], { method: 'DELETE' });
  }

  private _post<T>(path: readonly string[], body: unknown, signal?: AbortSignal): Promise<T> {
    return this._ask<T>(path, { method: 'POST', body, signal });
  }

  private _ask<T>(path: readonly string[], options: IRequestOptions = {}): Promise<T> {
    return requestJson<T>(this._settings, ['projects', ...path], options);
  }
}

/** Return whether a column can hold numbers: then the text `NaN` in it is one. */
function holdsNumbers(column: string): boolean {
  return !/^(tags?|data|environment|git)\./i.test(column) && /metrics?\.|param/i.test(column);
}

const NON_FINITE = new Set<JsonValue>(['NaN', 'Infinity', '-Infinity']);

function decodeValue(value: JsonValue): JsonValue {
  return NON_FINITE.has(value) ? toNumber(value) : value;
}

function decodeAggregate(aggregate: IAggregate): IAggregate {
  const decode = (value: number | null) => (value === null ? null : toNumber(value));
  const { count, mean, min, max, std } = aggregate;
  return { count, mean: decode(mean), min: decode(min), max: decode(max), std: decode(std) };
}
