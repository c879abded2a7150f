import { holds, type IBrush, type IParallelAxis, MISSING } from '../../../models/parallelAxis';
import type { ReadVariable } from '../../traces';

/** Where the axes lie in the drawing, in pixels. */
export interface IParallelLayout {
  width: number;
  height: number;
  left: number;
  gap: number;
  top: number;
  bottom: number;
  /** Where what is missing lies. */
  lane: number;
}

const TOP = 26;
const BOTTOM = 16;
const SIDE = 56;
/** How far from an axis stands what is written on it. */
const BESIDE = 6;

export function layoutOf(
  width: number,
  height: number,
  count: number,
  hasLane: boolean
): IParallelLayout {
  const floor = height - BOTTOM;
  const bottom = hasLane ? floor - 22 : floor;
  const left = count > 1 ? SIDE : width / 2;
  const gap = count > 1 ? (width - 2 * SIDE) / (count - 1) : 0;
  return { width, height, left, gap, top: TOP, bottom, lane: floor };
}

/** Where a share of an axis lies. */
export function yOf(layout: IParallelLayout, place: number): number {
  return place === MISSING ? layout.lane : layout.bottom - place * (layout.bottom - layout.top);
}

/** The share of an axis at a height; below the axis it is that of what is missing. */
export function shareAt(layout: IParallelLayout, y: number): number {
  if (y > layout.bottom + 8) {
    return MISSING;
  }
  return Math.min(1, Math.max(0, (layout.bottom - y) / (layout.bottom - layout.top)));
}

/** Which runs lie within all brushes. */
export function brushedRuns(
  axes: readonly IParallelAxis[],
  brushes: ReadonlyMap<string, IBrush>,
  count: number
): Uint8Array {
  const kept = new Uint8Array(count).fill(1);
  for (const axis of axes) {
    const brush = brushes.get(axis.column);
    if (brush) {
      for (let run = 0; run < count; run += 1) {
        if (!holds(brush, axis.places[run])) {
          kept[run] = 0;
        }
      }
    }
  }
  return kept;
}

/** The run whose line is nearest to a point; null if none is near. */
export function nearestRun(
  axes: readonly IParallelAxis[],
  layout: IParallelLayout,
  count: number,
  x: number,
  y: number,
  kept: Uint8Array
): number | null {
  if (axes.length < 2) {
    return null;
  }
  const place = Math.min(axes.length - 2, Math.max(0, Math.floor((x - layout.left) / layout.gap)));
  const share = Math.min(1, Math.max(0, (x - layout.left) / layout.gap - place));
  const [from, to] = [axes[place].places, axes[place + 1].places];
  let nearest: number | null = null;
  let least = 8;
  for (let run = 0; run < count; run += 1) {
    const height = yOf(layout, from[run]) * (1 - share) + yOf(layout, to[run]) * share;
    const distance = Math.abs(height - y);
    if (kept[run] && distance < least) {
      least = distance;
      nearest = run;
    }
  }
  return nearest;
}

/** What is drawn, and how. */
export interface IParallelPicture {
  axes: readonly IParallelAxis[];
  names: readonly string[];
  layout: IParallelLayout;
  brushes: ReadonlyMap<string, IBrush>;
  kept: Uint8Array;
  colours: readonly string[];
  pointed: number | null;
  missing: string;
  read: ReadVariable;
}

/** Draw all lines, the axes above them, and what is written on these. */
export function drawParallel(context: CanvasRenderingContext2D, picture: IParallelPicture): void {
  const { axes, names, layout, brushes, kept, colours, pointed, read } = picture;
  const count = colours.length;
  context.clearRect(0, 0, layout.width, layout.height);
  const isAll = brushes.size === 0;
  const drawn = kept.reduce((sum, one) => sum + one, 0);
  context.lineJoin = 'round';
  context.lineWidth = 1;
  if (!isAll) {
    context.globalAlpha = strengthOf(count - drawn) / 6;
    context.strokeStyle = read('--jp-ui-font-color3');
    drawLines(context, axes, layout, count, run => !kept[run]);
  }
  context.globalAlpha = strengthOf(drawn);
  // Lines of one colour are one path: a stroke of its own for each of thousands takes many times as long.
  for (const [colour, runs] of byColour(colours, kept)) {
    context.strokeStyle = colour;
    strokeRuns(context, axes, layout, runs);
  }
  context.globalAlpha = 1;
  if (pointed !== null) {
    context.lineWidth = 2.5;
    context.strokeStyle = read('--jp-ui-font-color1');
    strokeRuns(context, axes, layout, [pointed]);
  }
  drawAxes(context, picture, names);
}

/** How strongly each of so many lines is drawn: many lie over each other. */
function strengthOf(count: number): number {
  return count > 1000 ? 0.25 : count > 200 ? 0.45 : 0.8;
}

function byColour(colours: readonly string[], kept: Uint8Array): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  colours.forEach((colour, run) => {
    if (kept[run]) {
      const runs = groups.get(colour);
      if (runs) {
        runs.push(run);
      } else {
        groups.set(colour, [run]);
      }
    }
  });
  return groups;
}

function drawLines(
  context: CanvasRenderingContext2D,
  axes: readonly IParallelAxis[],
  layout: IParallelLayout,
  count: number,
  isDrawn: (run: number) => boolean
): void {
  const runs = Array.from({ length: count }, (_, run) => run).filter(isDrawn);
  strokeRuns(context, axes, layout, runs);
}

/** Of one path so many lines are stroked together: a longer one gets slow, and its crossings lose their depth. */
const TOGETHER = 50;

function strokeRuns(
  context: CanvasRenderingContext2D,
  axes: readonly IParallelAxis[],
  layout: IParallelLayout,
  runs: readonly number[]
): void {
  for (let start = 0; start < runs.length; start += TOGETHER) {
    context.beginPath();
    for (const run of runs.slice(start, start + TOGETHER)) {
      axes.forEach((axis, place) => {
        const x = layout.left + place * layout.gap;
        const y = yOf(layout, axis.places[run]);
        if (place) {
          context.lineTo(x, y);
        } else {
          context.moveTo(x, y);
        }
      });
    }
    context.stroke();
  }
}

function drawAxes(
  context: CanvasRenderingContext2D,
  picture: IParallelPicture,
  names: readonly string[]
): void {
  const { axes, layout, brushes, read } = picture;
  const [ink, quiet, ground] = [
    '--jp-ui-font-color1',
    '--jp-border-color0',
    '--jp-layout-color1'
  ].map(read);
  const family = read('--jp-ui-font-family');
  axes.forEach((axis, place) => {
    const x = layout.left + place * layout.gap;
    context.strokeStyle = quiet;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(x, layout.top);
    context.lineTo(x, layout.bottom);
    context.stroke();
    const brush = brushes.get(axis.column);
    if (brush) {
      const [high, low] = [yOf(layout, brush.to), yOf(layout, Math.max(0, brush.from))];
      const end = brush.from <= MISSING ? layout.lane + 6 : low;
      context.fillStyle = read('--jp-brand-color1');
      context.globalAlpha = 0.3;
      context.fillRect(x - 6, high, 12, Math.max(2, end - high));
      context.globalAlpha = 1;
    }
    context.textAlign = 'center';
    context.font = `600 11px ${family}`;
    write(context, fitted(context, names[place], layout.gap || layout.width), x, 11, ink, ground);
    context.font = `10px ${family}`;
    context.textAlign = 'left';
    const room = place === axes.length - 1 ? layout.width - x : layout.gap;
    const label = (text: string, y: number) =>
      write(context, fitted(context, text, room - 2 * BESIDE), x + BESIDE, y, ink, ground);
    let last = Infinity;
    for (const tick of axis.ticks) {
      const y = yOf(layout, tick.place);
      if (last - y >= 13) {
        last = y;
        label(tick.label, Math.max(layout.top + 4, y));
      }
    }
    if (axis.hasMissing) {
      label(picture.missing, layout.lane);
    }
  });
}

/** A text that stands out from the lines below it. */
function write(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  ink: string,
  ground: string
): void {
  context.textBaseline = 'middle';
  context.lineWidth = 3;
  context.strokeStyle = ground;
  context.strokeText(text, x, y);
  context.fillStyle = ink;
  context.fillText(text, x, y);
}

function fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) {
    return text;
  }
  let short = text;
  while (short.length > 1 && context.measureText(`${short}…`).width > width) {
    short = short.slice(0, -1);
  }
  return `${short}…`;
}
