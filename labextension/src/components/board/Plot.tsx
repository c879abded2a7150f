import type { PlotData, PlotlyHTMLElement, PlotSelectionEvent, PlotMouseEvent } from 'plotly.js';
import * as React from 'react';

import type { IPlot } from '../PlotBox';
import { type Plotly, usePlotly, useTheme, useVisibleWidth } from '../plotly';
import type { ReadVariable } from '../traces';
import { useView } from '../view';

const CONFIG = { displayModeBar: false, responsive: false, displaylogo: false } as const;

/** A point of a plot: the place of its trace, and its own within it. */
export interface IPlotPoint {
  trace: number;
  point: number;
  data: Partial<PlotData>;
}

/** What plotly draws of a board's chart. `draw` is called for each width and theme; null: there is nothing to draw yet. */
export function Plot(props: {
  draw: (width: number, read: ReadVariable) => IPlot | null;
  height: number;
  /** Told once what makes a PNG of the plot as it is then; null when it goes. */
  onDrawn?: (image: (() => Promise<Blob>) | null) => void;
  onSelect?: (points: readonly IPlotPoint[]) => void;
  onClick?: (point: IPlotPoint) => void;
}): JSX.Element {
  const { trans } = useView();
  const { draw, height, onDrawn } = props;
  const box = React.useRef<HTMLDivElement>(null);
  const width = useVisibleWidth(box);
  const theme = useTheme();
  const { plotly, error } = usePlotly(width > 0);
  const handlers = React.useRef(props);
  React.useEffect(() => {
    handlers.current = props;
  });
  React.useEffect(() => {
    const element = box.current;
    if (!element || !plotly || !width) {
      return;
    }
    const style = getComputedStyle(element);
    const plot = draw(width, name => style.getPropertyValue(name).trim());
    if (!plot) {
      return;
    }
    let isGone = false;
    void plotly.react(element, plot.data, { ...plot.layout, width, height }, CONFIG).then(() => {
      if (!isGone) {
        listen(element as unknown as PlotlyHTMLElement, handlers);
      }
    });
    return () => {
      isGone = true;
    };
  }, [plotly, draw, width, height, theme]);
  React.useEffect(() => {
    const element = box.current;
    if (!plotly || !element) {
      return;
    }
    onDrawn?.(() => toPng(plotly, element));
    return () => {
      onDrawn?.(null);
      plotly.purge(element);
    };
  }, [plotly, onDrawn]);
  return (
    <>
      <div ref={box} className="trackbook-BoardPlot" style={{ height }} aria-hidden="true" />
      {error && (
        <p className="trackbook-FieldError" role="alert">
          {trans.__('The chart library could not be loaded.')}
        </p>
      )}
    </>
  );
}

type Handlers = React.RefObject<{
  onSelect?: (points: readonly IPlotPoint[]) => void;
  onClick?: (point: IPlotPoint) => void;
}>;

const listening = new WeakSet<object>();

function listen(element: PlotlyHTMLElement, handlers: Handlers): void {
  if (listening.has(element)) {
    return;
  }
  listening.add(element);
  element.on('plotly_selected', (event: PlotSelectionEvent | undefined) => {
    if (event?.points) {
      handlers.current?.onSelect?.(event.points.map(toPoint));
    }
  });
  element.on('plotly_click', (event: PlotMouseEvent) => {
    if (event.points.length) {
      handlers.current?.onClick?.(toPoint(event.points[0]));
    }
  });
}

function toPoint(point: {
  curveNumber: number;
  pointNumber: number;
  data: Partial<PlotData>;
}): IPlotPoint {
  return { trace: point.curveNumber, point: point.pointNumber, data: point.data };
}

/** A picture of the plot on the ground that it stands on. */
async function toPng(plotly: Plotly, element: HTMLElement): Promise<Blob> {
  const ground = getComputedStyle(element).getPropertyValue('--jp-layout-color1').trim();
  const figure = element as HTMLElement & { data: unknown; layout: Record<string, unknown> };
  const url = await plotly.toImage(
    {
      data: figure.data as never,
      layout: { ...figure.layout, paper_bgcolor: ground, plot_bgcolor: ground }
    },
    { format: 'png', scale: 2, width: element.clientWidth, height: element.clientHeight }
  );
  return dataUrlToBlob(url);
}

function dataUrlToBlob(url: string): Blob {
  const bytes = atob(url.slice(url.indexOf(',') + 1));
  return new Blob([Uint8Array.from(bytes, character => character.charCodeAt(0))], {
    type: 'image/png'
  });
}
