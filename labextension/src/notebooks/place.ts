import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

/** A place in a notebook: the cell by its id, else by its position from 1; lines and columns from 1. */
export interface IPlace {
  id: string | null;
  cell: number | null;
  line: number | null;
  column: number | null;
}

/** Put the cursor at a place of a notebook; returns whether the cell is still there. */
export async function goTo(panel: NotebookPanel, place: IPlace): Promise<boolean> {
  const { content } = panel;
  const byId = content.widgets.findIndex(cell => cell.model.id === place.id);
  const index = byId >= 0 ? byId : place.id === null && place.cell ? place.cell - 1 : -1;
  const cell = content.widgets[index];
  if (!cell) {
    return false;
  }
  content.deselectAll();
  content.activeCellIndex = index;
  await content.scrollToItem(index, 'auto', 0).catch(() => undefined);
  await cell.ready;
  cell.inputHidden = false;
  if (place.line !== null && cell.editor) {
    content.mode = 'edit';
    const line = Math.min(place.line, cell.editor.lineCount) - 1;
    // The server counts characters; the editor, like all of JavaScript, counts some of them twice.
    const before = [...(cell.editor.getLine(line) ?? '')].slice(0, (place.column ?? 1) - 1);
    const column = before.join('').length;
    cell.editor.setCursorPosition({ line, column });
    cell.editor.revealPosition({ line, column });
  }
  content.activate();
  return true;
}

/** Where the cursor is: the position of the active cell from 1, and the line in it; 0 for a cell that is not edited. */
export function cursorOf(panel: NotebookPanel): { cell: number; line: number } {
  const { content } = panel;
  const line =
    content.mode === 'edit' ? (content.activeCell?.editor?.getCursorPosition().line ?? -1) : -1;
  return { cell: content.activeCellIndex + 1, line: line + 1 };
}

/** The open notebook at a contents path; the current one without a path. */
export function findPanel(
  app: JupyterFrontEnd,
  notebooks: INotebookTracker,
  path: string | null
): NotebookPanel | null {
  const { contents } = app.serviceManager;
  const isAt = (panel: NotebookPanel) => contents.localPath(panel.context.path) === path;
  const current = notebooks.currentWidget;
  if (path === null || (current && isAt(current))) {
    return current;
  }
  return notebooks.find(isAt) ?? null;
}
