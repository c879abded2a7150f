import type { IGroupValue, IRunGroup } from '../../client/table';
import { type IOpenGroup, GroupLayout } from './groupLayout';
import type { ITableRow } from './rowRequest';
import { type Load, Windowed } from './windowed';

/** What tells a group from others. */
export function groupKey(group: IRunGroup): string {
  return JSON.stringify(group.values);
}

/** The values that the runs of a group have, as requests name them. */
export function groupValues(
  groupBy: readonly string[],
  values: IRunGroup['values']
): IGroupValue[] {
  return groupBy.map((column, place) => ({ column, value: values[place] }));
}

/** The groups of a table that are open, and the runs in them. */
export class OpenGroups {
  constructor(private readonly _onChange: () => void) {}

  has(key: string): boolean {
    return this._open.has(key);
  }

  rows(key: string): Windowed<ITableRow> | undefined {
    return this._open.get(key)?.rows;
  }

  get all(): Iterable<Windowed<ITableRow>> {
    return [...this._open.values()].map(({ rows }) => rows);
  }

  open(group: IRunGroup, load: Load<ITableRow>): void {
    const rows = new Windowed<ITableRow>(row => row.id, 20);
    rows.changed.connect(this._onChange);
    rows.ask(load);
    this._open.set(groupKey(group), { rows, count: group.count });
  }

  close(key: string): void {
    this._open.get(key)?.rows.dispose();
    this._open.delete(key);
  }

  clear(): void {
    [...this._open.keys()].forEach(key => this.close(key));
  }

  /** Ask for the runs anew: with other columns, in another order. */
  ask(loadOf: (key: string) => Load<ITableRow>): void {
    this._open.forEach(({ rows }, key) => rows.ask(loadOf(key), true));
  }

  /** Where the open groups lie among `total` groups; those whose place isn't known are left out. */
  layout(total: number, indexOf: (key: string) => number): GroupLayout {
    const open: IOpenGroup[] = [];
    this._open.forEach(({ rows, count }, key) => {
      open.push({ index: indexOf(key), count: rows.isReady && !rows.error ? rows.total : count });
    });
    return new GroupLayout(total, open);
  }

  private readonly _open = new Map<string, { rows: Windowed<ITableRow>; count: number }>();
}
