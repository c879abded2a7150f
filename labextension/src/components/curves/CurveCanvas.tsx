import * as React from 'react';

import type { IWindow } from '../../models/curveChart';
import { useTheme, useVisibleWidth } from '../plotly';
import { useView } from '../view';
import { axisTitle, marksOf } from './axisTexts';
import { drawAxes, drawLines, type ILook, lookOf } from './draw';
import { type IFrame, makeFrame } from './frame';
import type { ILine } from './lines';
import { type IPen, SvgPen } from './pen';
import { Pointer } from './Pointer';
import { ticksOf } from '../../models/scales';

/** Makes pictures of a chart as it is drawn now. */
export interface IPictures {
  png(): Promise<Blob>;
  svg(): Blob;
}

export interface ICurveCanvasProps {
  /** What the chart is called. */
  label: string;
  lines: readonly ILine[];
  /** What the horizontal axis counts. */
  x: string;
  isLog: { x: boolean; y: boolean };
  height: number;
  /** The part of the horizontal axis that is shown, null for all. */
  window: IWindow | null;
  /** The user has zoomed; null: back to all. */
  onZoom: (window: IWindow | null, isMoving?: boolean) => void;
  /** The width in pixels while some of the chart can be seen, else 0. */
  onWidth: (width: number) => void;
  /** The lines were drawn, in so many ms. */
  onDrawn: (ms: number) => void;
  /** Told what makes pictures, each time that the chart was drawn. */
  onPictures: (pictures: IPictures) => void;
}

/** Lines on a canvas. It is zoomed by dragging, by the wheel and by keys, and reads out values where the pointer is. */
export function CurveCanvas(props: ICurveCanvasProps): JSX.Element {
  const { trans } = useView();
  const { lines, x, isLog, height, onWidth, onDrawn, onPictures } = props;
  const box = React.useRef<HTMLDivElement>(null);
  const canvas = React.useRef<HTMLCanvasElement>(null);
  const seen = useVisibleWidth(box);
  const isAwake = useAwake();
  const theme = useTheme();
  const [tall, setTall] = React.useState<IWindow | null>(null);
  React.useEffect(() => onWidth(isAwake ? seen : 0), [onWidth, seen, isAwake]);
  const width = useLast(seen);
  const frame = React.useMemo(
    () =>
      width
        ? makeFrame(
            lines,
            { width, height },
            { x: props.window, y: tall },
            { x: isLog.x, y: isLog.y }
          )
        : null,
    [lines, width, height, props.window, tall, isLog.x, isLog.y]
  );
  const title = axisTitle(x, trans);
  React.useEffect(() => {
    const element = canvas.current;
    if (!element || !frame) {
      return;
    }
    const began = performance.now();
    const look = lookOf(element);
    const paint = (pen: IPen) => drawAll(pen, frame, lines, x, title, look);
    paintCanvas(element, frame, paint);
    onDrawn(performance.now() - began);
    onPictures({ png: () => toPng(frame, look, paint), svg: () => toSvg(frame, look, paint) });
  }, [frame, lines, x, title, theme, onDrawn, onPictures]);
  const points = lines.reduce((sum, line) => sum + line.curve.x.length, 0);
  return (
    <div
      ref={box}
      className="trackbook-Curves-plot"
      style={{ height }}
      dir="ltr"
      data-lines={frame ? lines.length : 0}
      data-points={points}
      data-from={frame?.x.low}
      data-to={frame?.x.high}
    >
      <canvas ref={canvas} aria-hidden="true" />
      {frame ? (
        <Pointer
          {...props}
          frame={frame}
          isZoomed={props.window !== null || tall !== null}
          onTall={setTall}
        />
      ) : (
        width > 0 && (
          <p className="trackbook-Quiet">
            {lines.length && (isLog.x || isLog.y)
              ? trans.__('A log scale has no place for values of 0 and below; there are no others.')
              : trans.__('No points yet.')}
          </p>
        )
      )}
    </div>
  );
}

function drawAll(
  pen: IPen,
  frame: IFrame,
  lines: readonly ILine[],
  x: string,
  title: string,
  look: ILook
): void {
  const ticks = {
    x: marksOf(x, frame.x, frame.right - frame.left),
    y: ticksOf(frame.y, Math.max(2, Math.floor((frame.bottom - frame.top) / 36)))
  };
  drawAxes(pen, frame, ticks, title, look);
  drawLines(pen, frame, lines, look);
}

function paintCanvas(element: HTMLCanvasElement, frame: IFrame, paint: (pen: IPen) => void): void {
  const pen = element.getContext('2d');
  if (!pen) {
    return;
  }
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(frame.width * ratio), Math.round(frame.height * ratio)];
  if (element.width !== width || element.height !== height) {
    element.width = width;
    element.height = height;
  }
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, frame.width, frame.height);
  paint(pen);
}

/** A picture on the ground that the chart stands on, twice as fine as the screen. */
async function toPng(frame: IFrame, look: ILook, paint: (pen: IPen) => void): Promise<Blob> {
  const element = document.createElement('canvas');
  element.width = frame.width * 2;
  element.height = frame.height * 2;
  const pen = element.getContext('2d')!;
  pen.scale(2, 2);
  pen.fillStyle = look.ground;
  pen.fillRect(0, 0, frame.width, frame.height);
  paint(pen);
  return new Promise((resolve, reject) =>
    element.toBlob(blob => (blob ? resolve(blob) : reject(new Error('No picture was made.'))))
  );
}

function toSvg(frame: IFrame, look: ILook, paint: (pen: IPen) => void): Blob {
  const pen = new SvgPen(frame.width, frame.height);
  pen.fillStyle = look.ground;
  pen.beginPath();
  pen.rect(0, 0, frame.width, frame.height);
  pen.fill();
  paint(pen);
  return new Blob([pen.toString()], { type: 'image/svg+xml' });
}

/** The last width that was not 0: what can't be seen for a while stays as it is. */
function useLast(width: number): number {
  const [last, setLast] = React.useState(0);
  if (width > 0 && width !== last) {
    setLast(width);
  }
  return width || last;
}

/** Whether the page can be seen: in a tab behind others nothing is asked for. */
function useAwake(): boolean {
  const subscribe = React.useCallback((onChange: () => void) => {
    document.addEventListener('visibilitychange', onChange);
    return () => document.removeEventListener('visibilitychange', onChange);
  }, []);
  return React.useSyncExternalStore(subscribe, () => !document.hidden);
}
