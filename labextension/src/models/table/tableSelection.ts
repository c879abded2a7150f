import type { IRunGroup, ITableClient, ITablePage } from '../../client/table';
import type { JsonValue } from '../../client/types';
import type { SelectionModel } from '../selection';
import { groupValues } from './openGroups';
import type { CopyFormat } from './copyText';
import { columnLabels, sparkKey } from './columns';
import { tableText } from './copyText';
import { isOneOf } from './rowRequest';
import type { TableModel } from './tableModel';
import type { Entry } from './tableRows';

/** As many runs as are selected at once: more is a filter's business. */
export const MOST_SELECTED = 1000;
/** As many rows as are copied at once. */
export const MOST_COPIED = 10_000;

/** How many of how many were taken. */
export interface ITaken {
  readonly taken: number;
  readonly of: number;
}

/** What is copied, and how much more there is. */
interface ICopied {
  readonly heads: readonly string[];
  readonly rows: readonly (readonly JsonValue[])[];
  readonly total: number;
}

/** Selects runs of the table by their rows, in the selection that all views share, and copies them. */
export class TableSelection {
  constructor(
    private readonly _client: Pick<ITableClient, 'window' | 'groups'>,
    private readonly _table: TableModel,
    readonly selection: SelectionModel
  ) {}

  /** Whether what stands in a row is selected; of a group, whether all of its runs were, and still are. */
  has(entry: Entry | null): boolean {
    if (entry?.kind === 'run') {
      return this.selection.has(entry.row.id);
    }
    const ids = entry && this._taken.get(keyOf(entry.group));
    return Boolean(ids?.length && ids.every(id => this.selection.has(id)));
  }

  /** Select a run, or the runs of a group, or take them out. */
  async toggle(index: number): Promise<ITaken | null> {
    const entry = this._table.at(index);
    if (entry?.kind === 'run') {
      this.selection.toggle(entry.row.id);
      return null;
    }
    if (!entry) {
      return null;
    }
    const { groupBy, project, shownScope: scope } = this._table;
    const group = groupValues(groupBy, entry.group.values);
    const order_by = this._table.order;
    const page = await this._client.window(project, {
      scope,
      group,
      order_by,
      limit: MOST_SELECTED
    });
    this._taken.set(keyOf(entry.group), page.ids);
    if (page.ids.every(id => this.selection.has(id))) {
      this.selection.remove(page.ids);
      return null;
    }
    this.selection.add(page.ids);
    return { taken: page.ids.length, of: page.total };
  }

  /** Select the runs between two rows, both included; with `isAdded` those that were selected stay. */
  async range(from: number, to: number, isAdded: boolean): Promise<ITaken> {
    const [first, last] = [Math.min(from, to), Math.max(from, to)];
    const count = last - first + 1;
    const ids = await this._between(first, Math.min(count, MOST_SELECTED));
    // The run at which the range began is the first.
    const ordered = from > to ? [...ids].reverse() : ids;
    if (isAdded) {
      this.selection.add(ordered);
    } else {
      this.selection.set(ordered);
    }
    return { taken: ids.length, of: this._table.isGrouped ? ids.length : count };
  }

  /** Select all runs that match. */
  async all(): Promise<ITaken> {
    const { project, shownScope: scope, order } = this._table;
    const request = { scope, order_by: order, limit: MOST_SELECTED };
    const page = await this._client.window(project, request);
    this.selection.set(page.ids);
    return { taken: page.ids.length, of: page.total };
  }

  /** What is shown as text: the selected runs; without any, the groups, or all runs that match. */
  async copy(format: CopyFormat): Promise<{ text: string; isGroups: boolean } & ITaken> {
    const columns = this._table.columns.columns
      .map(({ column }) => column)
      .filter(column => sparkKey(column) === null);
    const { ids } = this.selection;
    const isGroups = !ids.length && this._table.isGrouped;
    const { heads, rows, total } = isGroups
      ? await this._groups(columns)
      : ids.length
        ? await this._runs(ids, columns)
        : await this._matching(columns);
    return { text: tableText(format, heads, rows), taken: rows.length, of: total, isGroups };
  }

  /** These runs in their order, wherever they are, in the trash too. */
  private async _runs(ids: readonly string[], columns: readonly string[]): Promise<ICopied> {
    const known = new Map<string, JsonValue[]>();
    for (let start = 0; start < ids.length; start += MOST_SELECTED) {
      const part = ids.slice(start, start + MOST_SELECTED);
      const scope = { query: isOneOf(part), notebook: null, experiment: null };
      for (const trashed of [false, true]) {
        const request = { scope: { ...scope, trashed }, columns, limit: part.length };
        const page = await this._client.window(this._table.project, request);
        rowsOf(page).forEach((row, place) => known.set(page.ids[place], row));
      }
    }
    const rows = ids.flatMap(id => (known.has(id) ? [known.get(id)!] : []));
    return { heads: headsOf(columns), rows, total: rows.length };
  }

  /** All runs that match, up to a limit. */
  private async _matching(columns: readonly string[]): Promise<ICopied> {
    const { project, shownScope: scope, order: order_by } = this._table;
    const { rows, total } = await inPages(async (offset, limit) => {
      const request = { scope, order_by, columns, offset, limit };
      const page = await this._client.window(project, request);
      return { rows: rowsOf(page), total: page.total };
    });
    return { heads: headsOf(columns), rows, total };
  }

  /** The groups: what their runs share, how many they are, and of each column of numbers what is shown of it. */
  private async _groups(columns: readonly string[]): Promise<ICopied> {
    const { project, shownScope: scope, groupBy, groupOrder, aggregation } = this._table;
    const numbers = columns.filter(
      column => column !== 'number' && !groupBy.includes(column) && this._table.isNumeric(column)
    );
    const { rows, total } = await inPages(async (offset, limit) => {
      const request = { scope, group_by: groupBy, columns: numbers, order_by: groupOrder };
      const page = await this._client.groups(project, { ...request, offset, limit });
      const values = ({ columns: found }: IRunGroup) =>
        found.map(one => one?.[aggregation] ?? null);
      return {
        rows: page.groups.map(group => [...group.values, group.count, ...values(group)]),
        total: page.total
      };
    });
    const heads = headsOf([...groupBy, ...numbers]);
    const told = heads.slice(groupBy.length).map(head => `${aggregation} of ${head}`);
    return { heads: [...heads.slice(0, groupBy.length), 'count', ...told], rows, total };
  }

  private async _between(first: number, count: number): Promise<string[]> {
    const known: string[] = [];
    let isWhole = true;
    for (let index = first; index < first + count; index += 1) {
      const entry = this._table.at(index);
      if (entry?.kind === 'run') {
        known.push(entry.row.id);
      } else if (!entry) {
        isWhole = false;
      }
    }
    if (isWhole || this._table.isGrouped) {
      return known;
    }
    const { project, shownScope: scope, order } = this._table;
    const request = { scope, order_by: order, offset: first, limit: count };
    return (await this._client.window(project, request)).ids;
  }

  /** The runs of the groups that were selected or taken out, by the values of these. */
  private readonly _taken = new Map<string, readonly string[]>();
}

function keyOf({ values }: IRunGroup): string {
  return JSON.stringify(values);
}

function headsOf(columns: readonly string[]): string[] {
  const labels = columnLabels(columns);
  return columns.map(column => labels.get(column) ?? column);
}

function rowsOf(page: ITablePage): JsonValue[][] {
  return page.ids.map((_, place) => page.columns.map(values => values[place]));
}

/** Rows of one page after the other, as many as are copied. */
async function inPages(
  load: (offset: number, limit: number) => Promise<Omit<ICopied, 'heads'>>
): Promise<Omit<ICopied, 'heads'>> {
  const rows: (readonly JsonValue[])[] = [];
  let total = 0;
  for (let offset = 0; offset < MOST_COPIED; offset += MOST_SELECTED) {
    const page = await load(offset, MOST_SELECTED);
    rows.push(...page.rows);
    total = page.total;
    if (offset + page.rows.length >= total) {
      break;
    }
  }
  return { rows, total };
}
