import type { ICellExecution } from '../client/types';

/** The execution of a cell that was going on at a moment: the last that had begun by then. */
export function executionAt(
  cells: readonly ICellExecution[],
  cellId: string | null,
  at: string
): ICellExecution | null {
  if (cellId === null) {
    return null;
  }
  const own = cells.filter(cell => cell.cell_id === cellId);
  const moment = Date.parse(at);
  return own.filter(cell => Date.parse(cell.started) <= moment).pop() ?? own[0] ?? null;
}
