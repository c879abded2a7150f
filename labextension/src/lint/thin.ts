import type * as nbformat from '@jupyterlab/nbformat';

/** How much of a text in an output is sent to be looked at. */
const KEPT = 10_000;

const thinned = new WeakMap<nbformat.ICell, nbformat.ICell>();

/**
 * A notebook without the weight of its outputs: whether a cell has some matters to linting, and the text in them, but
 * no picture, and not the whole of a long log. Frozen cells are thinned once.
 */
export function thinNotebook(notebook: nbformat.INotebookContent): nbformat.INotebookContent {
  return { ...notebook, cells: notebook.cells.map(thinCell) };
}

function thinCell(cell: nbformat.ICell): nbformat.ICell {
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
