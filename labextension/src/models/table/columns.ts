import { Observable } from '../observable';

/** How a column's numbers read; null: as suits the column. `digits:6` stands for six significant digits. */
export type NumberFormat = 'percent' | 'duration' | 'exact' | `digits:${number}` | null;

/** A column of the run table. */
export interface IColumn {
  /** A field of the search language, arithmetic over such, or `spark(KEY)`: the curve of a metric. */
  readonly column: string;
  /** In pixels. */
  readonly width: number;
  /** Whether it stays at the left while the others scroll. */
  readonly isPinned: boolean;
  readonly format: NumberFormat;
}

/** How narrow a column gets. */
export const MIN_WIDTH = 36;
const MAX_WIDTH = 2000;

/** As many columns as the server hands out in one request, less those that the table itself needs. */
export const MAX_COLUMNS = 60;
/** As many curves as it hands out. */
export const MAX_SPARKS = 4;

const WIDTHS: Readonly<Record<string, number>> = {
  name: 200,
  notes: 220,
  notebook: 160,
  experiment: 110,
  status: 96,
  number: 82,
  started: 104,
  ended: 104
};

/** A letter of a head, and what is around it all: padding and the arrow of its order. */
const LETTER = 6.6;
const AROUND = 30;
const LEAST_WIDE = 90;
const MOST_WIDE = 240;

/** A column as it is when it is added: its head can be read where that is not very long. */
export function makeColumn(column: string, change: Partial<IColumn> = {}): IColumn {
  const head = Math.ceil(shortName(column).length * LETTER + AROUND);
  const width = WIDTHS[column] ?? Math.min(Math.max(head, LEAST_WIDE), MOST_WIDE);
  return { column, width, isPinned: false, format: null, ...change };
}

/** The metric whose curve a column shows; null for other columns. */
export function sparkKey(column: string): string | null {
  return /^spark\((.+)\)$/.exec(column)?.[1] ?? null;
}

/** The column that shows a metric's curve. */
export function sparkColumn(key: string): string {
  return `spark(${key})`;
}

/** The tag that a column shows; null for other columns. */
export function tagKey(column: string): string | null {
  const match = /^tags?\.(?:`([^`]+)`|([\w.]+))$/.exec(column);
  return match ? (match[1] ?? match[2]) : null;
}

/** A key as the search language takes it: with back quotes, where it has other signs than letters, digits, _ and dots. */
export function quoteKey(key: string): string {
  return /^[A-Za-z_][\w.]*(\{[^`]*\})?$/.test(key) ? key : `\`${key}\``;
}

/** Short names of columns, with the whole name where two would read the same. */
export function columnLabels(columns: readonly string[]): Map<string, string> {
  const short = columns.map(column => [column, shortName(column)] as const);
  const counts = new Map<string, number>();
  short.forEach(([, label]) => counts.set(label, (counts.get(label) ?? 0) + 1));
  return new Map(
    short.map(([column, label]) => [column, counts.get(label) === 1 ? label : column] as const)
  );
}

function shortName(column: string): string {
  const spark = sparkKey(column);
  if (spark !== null) {
    return `∿ ${spark}`;
  }
  const field = /^(?:metrics|params|tags|data|environment)\.(?:`([^`]+)`|([^`\s()*/+-]+))$/.exec(
    column
  );
  if (field) {
    return field[1] ?? field[2];
  }
  const summary = /^(min|max)\(metrics\.(?:`([^`]+)`|([^`()]+))\)$/.exec(column);
  return summary ? `${summary[1]} ${summary[2] ?? summary[3]}` : column;
}

/** The columns of the table, in the order in which they stand. */
export class ColumnsModel extends Observable {
  constructor(columns: readonly IColumn[] = []) {
    super();
    this._columns = arrange(columns);
  }

  /** All of them, the pinned ones first. */
  get columns(): readonly IColumn[] {
    return this._columns;
  }

  /** How many are pinned. */
  get pinned(): number {
    return this._columns.filter(item => item.isPinned).length;
  }

  find(column: string): IColumn | undefined {
    return this._columns.find(item => item.column === column);
  }

  set(columns: readonly IColumn[]): void {
    const arranged = arrange(columns);
    if (JSON.stringify(arranged) !== JSON.stringify(this._columns)) {
      this._columns = arranged;
      this.emitChanged();
    }
  }

  /** Add a column at the end, or at a place; one that is there already stays. Returns whether there was room. */
  add(column: string, at = this._columns.length): boolean {
    if (this.find(column)) {
      return true;
    }
    const sparks = this._columns.filter(item => sparkKey(item.column) !== null).length;
    const isSpark = sparkKey(column) !== null;
    if (isSpark ? sparks >= MAX_SPARKS : this._columns.length - sparks >= MAX_COLUMNS) {
      return false;
    }
    const next = [...this._columns];
    next.splice(at, 0, makeColumn(column));
    this.set(next);
    return true;
  }

  remove(column: string): void {
    this.set(this._columns.filter(item => item.column !== column));
  }

  /** Put the column at `from` where the one at `to` is; among pinned columns it becomes pinned, among others not. */
  move(from: number, to: number): void {
    const next = [...this._columns];
    const [moved] = next.splice(from, 1);
    if (!moved || to < 0 || to > next.length) {
      return;
    }
    const isPinned = this._columns[to]?.isPinned ?? false;
    next.splice(to, 0, { ...moved, isPinned });
    this.set(next);
  }

  /** Make a column as wide as that many pixels. */
  resize(column: string, width: number): void {
    const clamped = Math.round(Math.min(Math.max(width, MIN_WIDTH), MAX_WIDTH));
    this._change(column, { width: clamped });
  }

  pin(column: string, isPinned: boolean): void {
    this._change(column, { isPinned });
  }

  setFormat(column: string, format: NumberFormat): void {
    this._change(column, { format });
  }

  private _change(column: string, change: Partial<IColumn>): void {
    this.set(this._columns.map(item => (item.column === column ? { ...item, ...change } : item)));
  }

  private _columns: readonly IColumn[];
}

function arrange(columns: readonly IColumn[]): IColumn[] {
  return [...columns.filter(item => item.isPinned), ...columns.filter(item => !item.isPinned)];
}
