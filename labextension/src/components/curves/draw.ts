import type { Dash, ILine } from './lines';
import type { IFrame } from './frame';
import type { IPen } from './pen';
import type { ITick } from '../../models/scales';

/** The colours and letters of the page that a chart is in. */
export interface ILook {
  /** Reads a CSS custom property. */
  read(name: string): string;
  text: string;
  quiet: string;
  grid: string;
  ground: string;
  font: string;
}

const DASHES: Readonly<Record<Dash, number[]>> = {
  solid: [],
  dash: [6, 3],
  dot: [1.5, 3],
  dashdot: [6, 3, 1.5, 3]
};

/** Read the look of a chart where it is. */
export function lookOf(element: Element): ILook {
  const style = getComputedStyle(element);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return {
    read,
    text: read('--jp-ui-font-color1') || '#000',
    quiet: read('--trackbook-quiet') || '#444',
    grid: read('--jp-border-color2') || '#ddd',
    ground: read('--jp-layout-color1') || '#fff',
    font: `11px ${read('--jp-ui-font-family') || 'sans-serif'}`
  };
}

/** Draw the axes of a chart. */
export function drawAxes(
  pen: IPen,
  frame: IFrame,
  ticks: { x: readonly ITick[]; y: readonly ITick[] },
  title: string,
  look: ILook
): void {
  const { left, right, top, bottom } = frame;
  pen.font = look.font;
  pen.lineWidth = 1;
  pen.globalAlpha = 1;
  pen.setLineDash([]);
  pen.strokeStyle = look.grid;
  pen.fillStyle = look.quiet;
  pen.beginPath();
  for (const { value } of ticks.y) {
    const y = Math.round(frame.y.at(value)) + 0.5;
    pen.moveTo(left, y);
    pen.lineTo(right, y);
  }
  for (const { value } of ticks.x) {
    const x = Math.round(frame.x.at(value)) + 0.5;
    pen.moveTo(x, top);
    pen.lineTo(x, bottom + 4);
  }
  pen.stroke();
  pen.textAlign = 'right';
  pen.textBaseline = 'middle';
  for (const { value, label } of ticks.y) {
    pen.fillText(label, left - 6, frame.y.at(value));
  }
  pen.textAlign = 'center';
  pen.textBaseline = 'top';
  for (const { value, label } of ticks.x) {
    const x = frame.x.at(value);
    pen.textAlign = x > right - 16 ? 'right' : 'center';
    pen.fillText(label, x > right - 16 ? Math.max(x, right) : x, bottom + 7);
  }
  pen.textAlign = 'center';
  pen.fillText(title, (left + right) / 2, bottom + 21);
}

/** Draw the lines of a chart, and what lies around them. */
export function drawLines(pen: IPen, frame: IFrame, lines: readonly ILine[], look: ILook): void {
  pen.save();
  pen.beginPath();
  pen.rect(frame.left, frame.top, frame.right - frame.left, frame.bottom - frame.top);
  pen.clip();
  pen.lineJoin = 'round';
  // With many bands over each other none is seen; each gets the fainter, but stays to be seen.
  const alpha = Math.max(0.12, 0.3 - lines.length * 0.006);
  for (const line of lines) {
    if (line.low && line.high) {
      pen.fillStyle = look.read(line.colour);
      pen.strokeStyle = pen.fillStyle;
      pen.lineWidth = 0.75;
      pen.setLineDash([]);
      pen.globalAlpha = alpha;
      drawBand(pen, frame, line.curve.x, line.low, line.high);
    }
  }
  for (const line of lines) {
    pen.strokeStyle = look.read(line.colour);
    pen.fillStyle = pen.strokeStyle;
    if (line.raw) {
      pen.globalAlpha = 0.35;
      pen.lineWidth = 0.75;
      pen.setLineDash([]);
      drawLine(pen, frame, line, line.raw, !line.low);
    }
    pen.globalAlpha = 1;
    pen.lineWidth = 1.5;
    pen.setLineDash(DASHES[line.dash]);
    drawLine(pen, frame, line, line.values, !line.low && !line.raw);
  }
  pen.globalAlpha = 1;
  pen.setLineDash([]);
  pen.restore();
}

/** One line; with the ends of each bucket on its way where no band shows them, so that a spike is seen in any case. */
function drawLine(
  pen: IPen,
  frame: IFrame,
  line: ILine,
  values: readonly number[],
  hasEnds: boolean
): void {
  const { x, min, max } = line.curve;
  const ends = hasEnds && min && max ? { min, max } : null;
  const dots: number[] = [];
  let isDown = false;
  pen.beginPath();
  for (let place = 0; place < x.length; place += 1) {
    const px = frame.x.at(x[place]);
    const py = frame.y.at(values[place]);
    if (!Number.isFinite(px) || !Number.isFinite(py)) {
      isDown = false;
      continue;
    }
    if (isDown) {
      pen.lineTo(px, py);
    } else {
      pen.moveTo(px, py);
      const next = place + 1 < x.length ? frame.y.at(values[place + 1]) : NaN;
      if (!Number.isFinite(next)) {
        dots.push(px, py);
      }
    }
    if (ends && ends.max[place] > ends.min[place]) {
      pen.lineTo(px, clamp(frame.y.at(ends.max[place]), frame));
      pen.lineTo(px, clamp(frame.y.at(ends.min[place]), frame));
      pen.moveTo(px, py);
    }
    isDown = true;
  }
  pen.stroke();
  if (dots.length) {
    // A point alone is no line.
    pen.beginPath();
    for (let place = 0; place < dots.length; place += 2) {
      pen.rect(dots[place] - 2, dots[place + 1] - 2, 4, 4);
    }
    pen.fill();
  }
}

function drawBand(
  pen: IPen,
  frame: IFrame,
  x: readonly number[],
  low: readonly number[],
  high: readonly number[]
): void {
  let first = 0;
  while (first < x.length) {
    if (!isSeen(first)) {
      first += 1;
      continue;
    }
    let end = first + 1;
    while (end < x.length && isSeen(end)) {
      end += 1;
    }
    pen.beginPath();
    pen.moveTo(frame.x.at(x[first]), clamp(frame.y.at(high[first]), frame));
    for (let place = first + 1; place < end; place += 1) {
      pen.lineTo(frame.x.at(x[place]), clamp(frame.y.at(high[place]), frame));
    }
    for (let place = end - 1; place >= first; place -= 1) {
      pen.lineTo(frame.x.at(x[place]), clamp(frame.y.at(low[place]), frame));
    }
    pen.closePath();
    pen.fill();
    // A spike is narrower than a pixel: its edges make it seen.
    pen.stroke();
    first = end;
  }

  function isSeen(place: number): boolean {
    return (
      Number.isFinite(frame.x.at(x[place])) &&
      Number.isFinite(high[place]) &&
      (!frame.y.isLog || high[place] > 0)
    );
  }
}

/** A pixel within reach of the chart: what lies far off, or is no number on a log axis, ends at its edge. */
function clamp(y: number, frame: IFrame): number {
  const room = frame.height;
  return Number.isFinite(y) ? Math.max(-room, Math.min(2 * room, y)) : frame.bottom + room;
}
