import type { GraphicsContext } from '@lumino/datagrid';

import type { RunStatus } from '../../client/types';

type Draw = (gc: GraphicsContext) => void;

/** The shapes of the states on a canvas, on a grid of 16: the same that `Status` draws. */
const SHAPES: Readonly<Record<RunStatus, Draw>> = {
  running: gc => filled(gc, () => gc.arc(8, 8, 4.5, 0, 2 * Math.PI)),
  finished: gc => line(gc, [3.5, 8.5], [6.5, 11.5], [12.5, 4.5]),
  failed: gc => {
    line(gc, [4, 4], [12, 12]);
    line(gc, [12, 4], [4, 12]);
  },
  killed: gc => filled(gc, () => gc.rect(4, 4, 8, 8)),
  aborted: gc => {
    ring(gc);
    line(gc, [4.2, 4.2], [11.8, 11.8]);
  },
  timed_out: gc => {
    ring(gc);
    line(gc, [8, 5], [8, 8.2], [10.2, 9.8]);
  },
  pruned: gc => line(gc, [3, 8], [13, 8]),
  lost: gc => {
    gc.beginPath();
    gc.arc(8, 6, 2.5, Math.PI, 2.3 * Math.PI, false);
    gc.lineTo(8, 10);
    gc.stroke();
    line(gc, [8, 12.4], [8, 12.8]);
  }
};

/** Draw a state in a box of 16 pixels, in the colour of the context. */
export function drawStatus(gc: GraphicsContext, status: RunStatus, x: number, y: number): void {
  gc.save();
  gc.translate(x, y);
  gc.lineWidth = 1.8;
  gc.lineCap = 'round';
  gc.lineJoin = 'round';
  SHAPES[status]?.(gc);
  gc.restore();
}

function filled(gc: GraphicsContext, outline: () => void): void {
  gc.beginPath();
  outline();
  gc.fill();
}

function ring(gc: GraphicsContext): void {
  gc.beginPath();
  gc.arc(8, 8, 5.5, 0, 2 * Math.PI);
  gc.stroke();
}

function line(gc: GraphicsContext, ...points: [number, number][]): void {
  gc.beginPath();
  points.forEach((point, place) => (place ? gc.lineTo(...point) : gc.moveTo(...point)));
  gc.stroke();
}
