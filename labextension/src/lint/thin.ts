import type * as nbformat from '@jupyterlab/nbformat';

/** Outputs up to so much go with the notebook as they are, in characters. */
const LIMIT = 2_000_000;
/** Beyond that, an output keeps so much of its text. */
const KEPT = 10_000;

/** A notebook to look at, and whether something of its outputs was left out. */
export interface IThinNotebook {
  content: nbformat.INotebookContent;
  isThinned: boolean;
}

const sizes = new WeakMap<nbformat.ICell, number>();
const thinned = new WeakMap<nbformat.ICell, nbformat.ICell>();

/**
 * A notebook without the weight of its outputs, where they are heavy: it is sent after each pause. That a cell has some
 * stays, and the text in them; pictures and the rest of long logs don't. Frozen cells are looked at once.
 */
export function thinNotebook(notebook: nbformat.INotebookContent): IThinNotebook {
  const size = notebook.cells.reduce((sum, cell) => sum + sizeOf(cell), 0);
  if (size <= LIMIT) {
    return { content: notebook, isThinned: false };
  }
  return { content: { ...notebook, cells: notebook.cells.map(thinCell) }, isThinned: true };
}

function sizeOf(cell: nbformat.ICell): number {
  let size = sizes.get(cell);
  if (size === undefined) {
    size = measure(cell.outputs) + measure(cell.attachments);
    sizes.set(cell, size);
  }
  return size;
}

function measure(value: unknown): number {
  if (typeof value === 'string') {
    return value.length;
  }
  if (value === null || typeof value !== 'object') {
    return 0;
  }
  return Object.values(value).reduce<number>((sum, item) => sum + measure(item), 0);
}

function thinCell(cell: nbformat.ICell): nbformat.ICell {
  if (sizeOf(cell) <= KEPT) {
    return cell;
  }
  const known = thinned.get(cell);
  if (known) {
    return known;
  }
  const thin: nbformat.ICell = { ...cell };
  delete thin.attachments;
  if (Array.isArray(cell.outputs)) {
    thin.outputs = (cell.outputs as nbformat.IOutput[]).map(thinOutput);
  }
  thinned.set(cell, thin);
  return thin;
}

function thinOutput(output: nbformat.IOutput): nbformat.IOutput {
  if ('text' in output) {
    return { ...output, text: thinText(output.text) };
  }
  const data = output.data as Record<string, unknown> | undefined;
  if (!data) {
    return output;
  }
  const kept = Object.entries(data).map(([type, value]) => [
    type,
    type.startsWith('text/') ? thinText(value) : ''
  ]);
  return { ...output, data: Object.fromEntries(kept) as nbformat.IMimeBundle };
}

function thinText(text: unknown): string {
  const whole = Array.isArray(text) ? text.join('') : String(text);
  return whole.length > KEPT ? whole.slice(0, KEPT) : whole;
}
