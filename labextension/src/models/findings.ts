import type { ICellExecution } from '../client/types';
import type { IFinding, IVerdict } from '../client/verdict';

/** The findings of a run: those of each execution by its order, and those of cells that have none. */
export interface IFindings {
  byOrder: ReadonlyMap<number, readonly IFinding[]>;
  elsewhere: readonly IFinding[];
  /** How many cells have findings. */
  cells: number;
}

/** Give each finding to the execution that it is about: to the named one, else to the last of its cell. */
export function placeFindings(verdict: IVerdict, cells: readonly ICellExecution[]): IFindings {
  const byOrder = new Map<number, IFinding[]>();
  const elsewhere: IFinding[] = [];
  const orders = new Set(cells.map(cell => cell.order));
  const lastOf = new Map(cells.map(cell => [cell.cell_id, cell.order]));
  const marked = verdict.cells.filter(cell => cell.findings.length > 0);
  for (const { cell_id, order, findings } of marked) {
    const named = order !== null && orders.has(order) ? order : undefined;
    const place = named ?? (cell_id === null ? undefined : lastOf.get(cell_id));
    if (place === undefined) {
      elsewhere.push(...findings);
    } else {
      byOrder.set(place, [...(byOrder.get(place) ?? []), ...findings]);
    }
  }
  const ids = marked.map(({ cell_id, order }) => cell_id ?? `order ${order}`);
  return { byOrder, elsewhere, cells: new Set(ids).size };
}
