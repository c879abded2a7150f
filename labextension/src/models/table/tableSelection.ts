import type { ITableClient } from '../../client/table';
import type { JsonValue } from '../../client/types';
import type { SelectionModel } from '../selection';
import { groupValues } from './openGroups';
import type { CopyFormat } from './copyText';
import { columnLabels, sparkKey } from './columns';
import { tableText } from './copyText';
import { isOneOf } from './rowRequest';
import type { TableModel } from './tableModel';

/** As many runs as are selected at once: more is a filter's business. */
export const MOST_SELECTED = 1000;
/** As many rows as are copied at once. */
export const MOST_COPIED = 10_000;

/** How many of how many were taken. */
export interface ITaken {
  readonly taken: number;
  readonly of: number;
}

/** Selects runs of the table by their rows, in the selection that all views share, and copies them. */
export class TableSelection {
  constructor(
    private readonly _client: Pick<ITableClient, 'window'>,
    private readonly _table: TableModel,
    readonly selection: SelectionModel
  ) {}

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

  /** The selected runs, or all that match, as text with the columns that are shown. */
  async copy(format: CopyFormat): Promise<{ text: string } & ITaken> {
    const { project, shownScope, order } = this._table;
    const columns = this._table.columns.columns
      .map(({ column }) => column)
      .filter(column => sparkKey(column) === null);
    const labels = columnLabels(columns);
    const heads = columns.map(column => labels.get(column) ?? column);
    const { ids } = this.selection;
    const rows: JsonValue[][] = [];
    let total = 0;
    if (ids.length) {
      const known = new Map<string, JsonValue[]>();
      for (let start = 0; start < ids.length; start += MOST_SELECTED) {
        const part = ids.slice(start, start + MOST_SELECTED);
        const scope = { query: isOneOf(part), notebook: null, experiment: null };
        for (const trashed of [false, true]) {
          const request = { scope: { ...scope, trashed }, columns, limit: part.length };
          const page = await this._client.window(project, request);
          page.ids.forEach((id, place) =>
            known.set(
              id,
              page.columns.map(values => values[place])
            )
          );
        }
      }
      rows.push(...ids.flatMap(id => (known.has(id) ? [known.get(id)!] : [])));
      total = rows.length;
    } else {
      for (let offset = 0; offset < MOST_COPIED; offset += MOST_SELECTED) {
        const request = { scope: shownScope, order_by: order, columns };
        const page = await this._client.window(project, {
          ...request,
          offset,
          limit: MOST_SELECTED
        });
        total = page.total;
        rows.push(...page.ids.map((_, place) => page.columns.map(values => values[place])));
        if (offset + page.ids.length >= total) {
          break;
        }
      }
    }
    return { text: tableText(format, heads, rows), taken: rows.length, of: total };
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
}
