import type { DataGrid } from '@lumino/datagrid';

type Blit = [source: CanvasImageSource, ...box: [x: number, y: number, w: number, h: number]];

/** What a grid has, though its types don't say so. */
interface IDrawing {
  _drawCells?: (region: unknown) => void;
  _blitContent?: (...blit: [...Blit, toX: number, toY: number]) => void;
}

/**
 * Have a grid show the cells of a region at once, after it has drawn them all.
 *
 * It draws each cell into a buffer, and copies that cell from there. A buffer that is drawn into between two copies
 * is copied as a whole each time where no graphics card helps, which takes a second and more for a window of cells.
 * A grid that works in another way is left as it is.
 */
export function blitWhole(grid: DataGrid): void {
  const drawing = grid as unknown as IDrawing;
  const { _drawCells: drawCells, _blitContent: blit } = drawing;
  if (typeof drawCells !== 'function' || typeof blit !== 'function') {
    return;
  }
  let joined: { left: number; top: number; right: number; bottom: number } | null = null;
  let source: CanvasImageSource | null = null;
  let isJoining = false;
  drawing._blitContent = (from, x, y, w, h, toX, toY) => {
    if (!isJoining || x !== toX || y !== toY) {
      blit.call(grid, from, x, y, w, h, toX, toY);
    } else if (w > 0 && h > 0) {
      source = from;
      joined = {
        left: Math.min(x, joined?.left ?? x),
        top: Math.min(y, joined?.top ?? y),
        right: Math.max(x + w, joined?.right ?? x + w),
        bottom: Math.max(y + h, joined?.bottom ?? y + h)
      };
    }
  };
  drawing._drawCells = region => {
    isJoining = true;
    joined = source = null;
    try {
      drawCells.call(grid, region);
    } finally {
      isJoining = false;
    }
    if (joined && source) {
      const { left, top, right, bottom } = joined;
      blit.call(grid, source, left, top, right - left, bottom - top, left, top);
    }
  };
}
