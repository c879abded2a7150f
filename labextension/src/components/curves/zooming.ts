import type { IWindow } from '../../models/curveChart';
import type { IFrame } from './frame';
import type { IScale } from '../../models/scales';

/** Less than this is a click, or a slip of the hand across the other axis; in pixels. */
const LEAST = 6;
const SLIP = 14;

interface IPlace {
  x: number;
  y: number;
}

/** What a dragged box shows: of one axis alone where it is flat; null for a click. */
export function dragged(
  frame: IFrame,
  from: IPlace,
  to: IPlace
): { x: IWindow | null; y: IWindow | null } | null {
  const wide = Math.abs(to.x - from.x);
  const tall = Math.abs(to.y - from.y);
  if (wide < LEAST && tall < LEAST) {
    return null;
  }
  const isX = wide >= SLIP || wide >= tall;
  const isY = tall >= SLIP || tall > wide;
  const inside = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value));
  const x = (value: number) => frame.x.invert(inside(value, frame.left, frame.right));
  const y = (value: number) => frame.y.invert(inside(value, frame.top, frame.bottom));
  return {
    x: isX ? ordered(x(from.x), x(to.x)) : null,
    y: isY ? ordered(y(from.y), y(to.y)) : null
  };
}

/** A window that is `factor` times as wide, with what is at a pixel staying there. */
export function scaled(scale: IScale, pixel: number, factor: number): IWindow {
  const low = scale.at(scale.low);
  const high = scale.at(scale.high);
  return ordered(
    scale.invert(pixel - (pixel - low) * factor),
    scale.invert(pixel + (high - pixel) * factor)
  );
}

/** A window as wide, moved by pixels. */
export function panned(scale: IScale, pixels: number): IWindow {
  return ordered(
    scale.invert(scale.at(scale.low) + pixels),
    scale.invert(scale.at(scale.high) + pixels)
  );
}

function ordered(one: number, other: number): IWindow {
  return one < other ? { from: one, to: other } : { from: other, to: one };
}
