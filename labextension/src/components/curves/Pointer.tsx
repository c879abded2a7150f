import * as React from 'react';

import { formatExact, formatNumber } from '../../format';
import type { IWindow } from '../../models/curveChart';
import { useView } from '../view';
import { placeText } from './axisTexts';
import type { ICurveCanvasProps } from './CurveCanvas';
import { lookOf } from './draw';
import type { IFrame } from './frame';
import { type IReading, nextX, readingsAt } from './hover';
import { dragged, panned, scaled } from './zooming';

/** As many readings as there is room for beside the pointer. */
const MOST = 14;
/** So near to the first and last point of a line one reads it, in pixels. */
const REACH = 8;
/** How far beside the pointer the readings are. */
const BESIDE = 14;
/** What of them can't be narrower: padding, colour and value; and the range, for which there is not always room. */
const FIGURES = 96;
const RANGE = 110;
const LEAST_NAME = 60;
const MOST_NAME = 160;

interface IPlace {
  x: number;
  y: number;
  /** The very number on the horizontal axis, where it is known and no pixel says it. */
  at?: number;
}

/** What is over a chart: the values where the pointer is, the box that is dragged, and the keys. */
export function Pointer(
  props: ICurveCanvasProps & {
    frame: IFrame;
    isZoomed: boolean;
    onTall: (window: IWindow | null) => void;
  }
): JSX.Element {
  const { trans } = useView();
  const { frame, lines, x, label, isZoomed, onZoom, onTall } = props;
  const box = React.useRef<HTMLDivElement>(null);
  const hintId = React.useId();
  const [place, setPlace] = React.useState<IPlace | null>(null);
  const [from, setFrom] = React.useState<IPlace | null>(null);
  const [isRead, setRead] = React.useState(false);
  const at = place && (place.at ?? frame.x.invert(place.x));
  const readings = React.useMemo(() => {
    if (at === null || from) {
      return [];
    }
    const pixel = Math.abs(frame.x.invert(frame.left + REACH) - frame.x.invert(frame.left));
    return readingsAt(lines, at, pixel);
  }, [lines, frame, at, from]);

  const reset = () => {
    onTall(null);
    onZoom(null);
  };
  const zoom = (range: { x: IWindow | null; y: IWindow | null }, isMoving = false) => {
    if (range.y) {
      onTall(range.y);
    }
    if (range.x) {
      onZoom(range.x, isMoving);
    }
  };
  useWheel(box, (event: WheelEvent) => {
    const isMeant = event.ctrlKey || event.metaKey || document.activeElement === box.current;
    if (isMeant) {
      event.preventDefault();
      const factor = Math.exp(Math.max(-1, Math.min(1, event.deltaY / 250)));
      zoom({ x: scaled(frame.x, placeOf(event, box.current!).x, factor), y: null }, true);
    }
  });
  const onKeyDown = (event: React.KeyboardEvent) => {
    const middle = (frame.left + frame.right) / 2;
    const direction = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (event.key === '+' || event.key === '=') {
      zoom({ x: scaled(frame.x, place?.x ?? middle, 0.5), y: null });
    } else if (event.key === '-') {
      zoom({ x: scaled(frame.x, place?.x ?? middle, 2), y: null });
    } else if (event.key === 'Escape' && (isZoomed || place)) {
      reset();
      setPlace(null);
    } else if (direction && event.shiftKey) {
      zoom({ x: panned(frame.x, ((frame.right - frame.left) / 4) * direction), y: null }, true);
    } else if (direction) {
      const now = at ?? (direction === 1 ? frame.x.low : frame.x.high);
      const next = place ? nextX(lines, now, direction) : now;
      if (next !== null) {
        const pixel = Math.max(frame.left, Math.min(frame.right, frame.x.at(next)));
        setPlace({ x: pixel, y: (frame.top + frame.bottom) / 2, at: next });
        setRead(true);
      }
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const onPointerMove = (event: React.PointerEvent) => {
    const next = placeOf(event, box.current!);
    setRead(false);
    setPlace(from || isInside(next, frame) ? next : null);
  };
  const onPointerDown = (event: React.PointerEvent) => {
    const start = placeOf(event, box.current!);
    if (event.button === 0 && isInside(start, frame)) {
      box.current!.setPointerCapture(event.pointerId);
      setFrom(start);
    }
  };
  const onPointerUp = (event: React.PointerEvent) => {
    if (from) {
      setFrom(null);
      const range = dragged(frame, from, placeOf(event, box.current!));
      if (range) {
        zoom(range);
      }
    }
  };
  return (
    <div
      ref={box}
      className="trackbook-Curves-pointer"
      role="group"
      aria-label={trans.__('Curves of %1', label)}
      aria-describedby={hintId}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onPointerMove={onPointerMove}
      onPointerDown={onPointerDown}
      onPointerUp={onPointerUp}
      onPointerLeave={() => !from && setPlace(null)}
      onPointerCancel={() => setFrom(null)}
      onBlur={() => isRead && setPlace(null)}
      onDoubleClick={reset}
    >
      <span id={hintId} className="trackbook-ReadersOnly">
        {trans.__(
          'Left and right read the values, plus and minus zoom, Shift with left and right moves, Escape shows all.'
        )}
      </span>
      <Marks frame={frame} readings={readings} from={from} to={place} />
      {place && readings.length > 0 && (
        <Tooltip frame={frame} place={place} readings={readings} x={x} />
      )}
      <span className="trackbook-ReadersOnly" aria-live="polite">
        {isRead && readings.length > 0 && spoken(readings, placeText(x, readings[0].x, trans))}
      </span>
    </div>
  );
}

/** The values at the pointer: those nearest to it first where there are too many. */
function Tooltip(props: {
  frame: IFrame;
  place: IPlace;
  readings: readonly IReading[];
  x: string;
}): JSX.Element {
  const { trans } = useView();
  const { frame, place, readings, x } = props;
  const distance = ({ value }: IReading) => Math.abs(frame.y.at(value) - place.y);
  const near = readings.filter(({ value }) => Number.isFinite(frame.y.at(value)));
  const nearest = near.reduce<IReading | null>(
    (best, reading) => (best === null || distance(reading) < distance(best) ? reading : best),
    null
  );
  const shown = [...readings]
    .sort((a, b) => (distance(a) || 0) - (distance(b) || 0))
    .slice(0, MOST)
    .sort((a, b) => b.value - a.value);
  const isRight = place.x > (frame.left + frame.right) / 2;
  const room = (isRight ? place.x : frame.width - place.x) - BESIDE;
  const hasRange = room > FIGURES + RANGE + LEAST_NAME;
  const name = Math.max(LEAST_NAME, room - FIGURES - (hasRange ? RANGE : 0));
  const side = isRight ? { right: frame.width - place.x + BESIDE } : { left: place.x + BESIDE };
  return (
    <div className="trackbook-Curves-tooltip" style={side} aria-hidden="true">
      <div className="trackbook-Quiet">{placeText(x, (nearest ?? shown[0]).x, trans)}</div>
      <table>
        <tbody>
          {shown.map(reading => (
            <tr key={reading.line.name} className={reading === nearest ? 'trackbook-mod-near' : ''}>
              <td>
                <span
                  className="trackbook-Swatch"
                  style={{ backgroundColor: `var(${reading.line.colour})` }}
                />
              </td>
              <td className="trackbook-Curves-name" style={{ maxWidth: Math.min(name, MOST_NAME) }}>
                {reading.line.label || reading.line.curve.key}
              </td>
              <td className="trackbook-mod-number">{formatNumber(reading.value)}</td>
              {hasRange && (
                <td className="trackbook-Quiet trackbook-mod-number">{rangeText(reading)}</td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {readings.length > shown.length && (
        <div className="trackbook-Quiet">
          {trans._n('and %1 more', 'and %1 more', readings.length - shown.length)}
        </div>
      )}
    </div>
  );
}

/** The line through the values that are read, dots on them, and the box that is dragged. */
function Marks(props: {
  frame: IFrame;
  readings: readonly IReading[];
  from: IPlace | null;
  to: IPlace | null;
}): JSX.Element {
  const { frame, readings, from, to } = props;
  const canvas = React.useRef<HTMLCanvasElement>(null);
  React.useEffect(() => {
    const element = canvas.current;
    const pen = element?.getContext('2d');
    if (!element || !pen) {
      return;
    }
    const ratio = window.devicePixelRatio || 1;
    element.width = Math.round(frame.width * ratio);
    element.height = Math.round(frame.height * ratio);
    pen.scale(ratio, ratio);
    const look = lookOf(element);
    if (from && to) {
      const range = dragged(frame, from, to);
      pen.fillStyle = look.quiet;
      pen.globalAlpha = 0.15;
      const [x1, x2] = range?.x ? [from.x, to.x] : [frame.left, frame.right];
      const [y1, y2] = range?.y ? [from.y, to.y] : [frame.top, frame.bottom];
      if (range) {
        pen.fillRect(x1, y1, x2 - x1, y2 - y1);
      }
      return;
    }
    if (!readings.length || !to) {
      return;
    }
    pen.strokeStyle = look.quiet;
    pen.globalAlpha = 0.6;
    pen.beginPath();
    pen.moveTo(Math.round(to.x) + 0.5, frame.top);
    pen.lineTo(Math.round(to.x) + 0.5, frame.bottom);
    pen.stroke();
    pen.globalAlpha = 1;
    for (const { line, x, value } of readings) {
      const [px, py] = [frame.x.at(x), frame.y.at(value)];
      if (px >= frame.left - 1 && px <= frame.right + 1 && py >= frame.top && py <= frame.bottom) {
        pen.beginPath();
        pen.arc(px, py, 3, 0, 2 * Math.PI);
        pen.fillStyle = look.read(line.colour);
        pen.fill();
      }
    }
  }, [frame, readings, from, to]);
  return <canvas ref={canvas} aria-hidden="true" />;
}

function rangeText({ low, high }: IReading): string {
  return low === null || high === null ? '' : `${formatNumber(low)} – ${formatNumber(high)}`;
}

function spoken(readings: readonly IReading[], place: string): string {
  const values = readings
    .slice(0, MOST)
    .map(({ line, value }) => `${line.label || line.curve.key} ${formatExact(value)}`);
  return [place, ...values].join(', ');
}

function placeOf(event: { clientX: number; clientY: number }, element: HTMLElement): IPlace {
  const { left, top } = element.getBoundingClientRect();
  return { x: event.clientX - left, y: event.clientY - top };
}

function isInside({ x, y }: IPlace, frame: IFrame): boolean {
  return x >= frame.left && x <= frame.right && y >= frame.top && y <= frame.bottom;
}

/** Listen to the wheel so that the page can be kept from scrolling, which React's own listeners can't. */
function useWheel(box: React.RefObject<HTMLElement>, onWheel: (event: WheelEvent) => void): void {
  const handler = React.useRef(onWheel);
  React.useEffect(() => {
    handler.current = onWheel;
  });
  React.useEffect(() => {
    const element = box.current;
    const listener = (event: WheelEvent) => handler.current(event);
    element?.addEventListener('wheel', listener, { passive: false });
    return () => element?.removeEventListener('wheel', listener);
  }, [box]);
}
