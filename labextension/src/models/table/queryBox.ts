import { Debouncer } from '@lumino/polling';

import type { IQueryProblem, ITableClient } from '../../client/table';
import type { JsonValue } from '../../client/types';
import { Observable } from '../observable';
import type { RunQueryModel } from '../runQuery';
import { complete, type IOption, type IPlace, optionsAt, placeAt } from './completion';
import { parseOrder, splitOrder } from './order';
import type { TableModel } from './tableModel';

/** How long to wait for the next letter, in ms. */
const DELAY = 150;
/** How many values of a field are offered. */
const VALUES = 50;

type Values = readonly { value: JsonValue; count: number }[];

/**
 * The search as it is typed: what it stumbles over, and what could come next.
 *
 * A text that can be read filters the table; one that can't is marked, and the table stays as it was.
 */
export class QueryBox extends Observable {
  constructor(
    private readonly _client: Pick<ITableClient, 'check' | 'groups'>,
    private readonly _table: TableModel,
    delay = DELAY
  ) {
    super();
    this._query = _table.query;
    this._text = this._query.scope.query;
    this._delay = new Debouncer(() => this.apply(), delay);
    this._query.changed.connect(this._onQuery, this);
  }

  get text(): string {
    return this._text;
  }

  /** What is wrong with the text. */
  get problem(): IQueryProblem | null {
    return this._problem;
  }

  /** What could stand at the cursor; empty while nobody wants to know. */
  get options(): readonly IOption[] {
    return this._options;
  }

  /** The option that Enter takes; -1 for none. */
  get active(): number {
    return this._active;
  }

  /** The text is another, or the cursor is elsewhere in it. */
  setText(text: string, cursor: number): void {
    const isNew = text !== this._text;
    this._text = text;
    this._cursor = cursor;
    this._offer();
    this.emitChanged();
    if (isNew) {
      void this._delay.invoke().catch(() => undefined);
    }
  }

  /** Offer what could stand at the cursor. */
  offer(cursor: number): void {
    this._cursor = cursor;
    this._offer();
    this.emitChanged();
  }

  /** Offer nothing until the next letter. */
  close(): void {
    this._isOffering = false;
    if (this._options.length) {
      this._options = [];
      this._active = -1;
      this.emitChanged();
    }
  }

  /** Go to another option; behind the last one comes none. */
  move(step: 1 | -1): void {
    const count = this._options.length + 1;
    this._active = ((this._active + 1 + step + count) % count) - 1;
    this.emitChanged();
  }

  /** Write an option in its place; returns where the cursor goes, null where there was none. */
  choose(index = this._active): number | null {
    const option = this._options[index];
    if (!option) {
      return null;
    }
    const { text, cursor } = complete(this._text, this._place, option);
    this.setText(text, cursor);
    return cursor;
  }

  /** Look whether the text can be read, and filter by it. */
  async apply(): Promise<boolean> {
    const text = this._text;
    this._abort?.abort();
    const abort = (this._abort = new AbortController());
    let problem: IQueryProblem | null = null;
    if (text.trim()) {
      try {
        const { signal } = abort;
        const request = { query: text };
        problem = await this._client.check(this._table.project, request, signal);
      } catch {
        // Nobody answered: the table's own request says so, and tries again.
      }
    }
    if (abort.signal.aborted || this.isDisposed) {
      return false;
    }
    this._problem = problem;
    if (!problem) {
      const { condition, order } = splitOrder(text);
      if (order) {
        this._table.setSort(parseOrder(order));
      }
      if (condition !== this._query.scope.query) {
        this._query.set({ query: condition });
      }
    }
    this.emitChanged();
    return problem === null;
  }

  /** The text is written: filter by it at once. An order at its end is told by the heads of the columns from now on. */
  async settle(): Promise<void> {
    this.close();
    if ((await this.apply()) && splitOrder(this._text).order) {
      this._text = this._query.scope.query;
      this.emitChanged();
    }
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._abort?.abort();
      this._delay.dispose();
      this._query.changed.disconnect(this._onQuery, this);
      super.dispose();
    }
  }

  private _onQuery(): void {
    const { query } = this._query.scope;
    if (query !== splitOrder(this._text).condition) {
      // What was typed, and is still being looked at, is no longer what is asked for.
      this._abort?.abort();
      this._problem = null;
      this._text = query;
      this._options = [];
      this.emitChanged();
    }
  }

  private _offer(): void {
    this._isOffering = true;
    this._place = placeAt(this._text, this._cursor);
    const { wanted, field } = this._place;
    let values: Values = [];
    if (wanted === 'value' && field !== null) {
      values = this._values.get(field) ?? [];
      void this._learn(field);
    }
    this._options = optionsAt(this._place, this._table.known, values);
    this._active = -1;
  }

  /** Ask which values a field has, the most frequent first. */
  private async _learn(field: string): Promise<void> {
    if (this._values.has(field)) {
      return;
    }
    this._values.set(field, []);
    try {
      const { groups } = await this._client.groups(this._table.project, {
        scope: { ...this._query.scope, query: '' },
        group_by: [field],
        order_by: 'count desc',
        limit: VALUES
      });
      this._values.set(
        field,
        groups.map(({ values, count }) => ({ value: values[0], count }))
      );
      if (this._isOffering && this._place.field === field && !this.isDisposed) {
        this._offer();
        this.emitChanged();
      }
    } catch {
      // There is nothing to offer: the user knows what to type.
    }
  }

  private readonly _query: RunQueryModel;
  private readonly _delay: Debouncer;
  private readonly _values = new Map<string, Values>();
  private _abort: AbortController | null = null;
  private _text: string;
  private _cursor = 0;
  private _place: IPlace = placeAt('', 0);
  private _options: readonly IOption[] = [];
  private _active = -1;
  /** Whether somebody wants to know what could come next: values come later, and open nothing that was closed. */
  private _isOffering = false;
  private _problem: IQueryProblem | null = null;
}
