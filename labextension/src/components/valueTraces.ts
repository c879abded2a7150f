import type { Data } from 'plotly.js';

import type { CurveKind, ICurve, IHistogram } from '../models/content';
import { DASHES } from '../models/colours';
import type { IPlot } from './PlotBox';
import { baseLayout, escapeHtml, type ReadVariable } from './traces';

const HEIGHT = 240;

/** What the axes of a chart are called. */
export interface IAxisTitles {
  x: string;
  y: string;
}

/** Where a chart is drawn: its width in pixels, the theme's colours, the CSS variable of the run's own. */
export interface IDrawing {
  width: number;
  read: ReadVariable;
  colour: string;
  titles: IAxisTitles;
}

/** A histogram: a bar for each count, as wide as its edges are apart. */
export function histogramPlot({ counts, edges }: IHistogram, drawing: IDrawing): IPlot {
  const { read, colour } = drawing;
  const data: Data = {
    type: 'bar',
    x: counts.map((_, place) => (edges[place] + edges[place + 1]) / 2),
    y: counts.map(finite),
    width: counts.map((_, place) => edges[place + 1] - edges[place]),
    customdata: counts.map((_, place) => [edges[place], edges[place + 1]]),
    marker: { color: read(colour), line: { color: read('--jp-layout-color1'), width: 0.5 } },
    hovertemplate: '%{customdata[0]:.4~g} … %{customdata[1]:.4~g}: %{y}<extra></extra>'
  };
  return { data: [data], layout: { ...layoutOf(drawing), bargap: 0 } };
}

/** The numbers of a vector over their places, from 0. */
export function vectorPlot(values: readonly number[], drawing: IDrawing): IPlot {
  const color = drawing.read(drawing.colour);
  const data: Data = {
    type: 'scatter',
    mode: values.length > 60 ? 'lines' : 'lines+markers',
    y: values.map(finite),
    line: { color, width: 1.5 },
    marker: { color, size: 4 },
    hovertemplate: '%{x}: %{y:.6~g}<extra></extra>'
  };
  return { data: [data], layout: layoutOf(drawing) };
}

/**
 * The curves of a classifier, each with its line; all have the run's colour, for colour tells runs apart. `chosen` is
 * the place of the one that stands out; null: all do.
 */
export function curvePlot(
  curves: readonly ICurve[],
  kind: CurveKind,
  chosen: number | null,
  drawing: IDrawing
): IPlot {
  const { read, colour } = drawing;
  const color = read(colour);
  const lines = curves.map((curve, place): Data => {
    const isQuiet = chosen !== null && chosen !== place;
    return {
      type: 'scatter',
      mode: kind === 'calibration' ? 'lines+markers' : 'lines',
      name: curve.label,
      x: curve.x.map(finite),
      y: curve.y.map(finite),
      opacity: isQuiet ? 0.25 : 1,
      line: { color, width: chosen === place ? 2.5 : 1.5, dash: DASHES[place % DASHES.length] },
      marker: { color, size: 5 },
      customdata: curve.counts,
      hovertemplate:
        `%{x:.3~f}, %{y:.3~f}${curve.counts.length ? ' (n = %{customdata})' : ''}` +
        `<extra>${escapeHtml(curve.label)}</extra>`
    };
  });
  const isSquare = kind !== 'pr';
  const layout = layoutOf(drawing);
  return {
    data: isSquare ? [diagonal(read), ...lines] : lines,
    layout: {
      ...layout,
      xaxis: { ...layout.xaxis, range: [-0.02, 1.02] },
      yaxis: { ...layout.yaxis, range: [-0.02, 1.04] }
    }
  };
}

/** Where chance alone would be (ROC), or where each prediction would be right as often as it says (calibration). */
function diagonal(read: ReadVariable): Data {
  return {
    type: 'scatter',
    mode: 'lines',
    x: [0, 1],
    y: [0, 1],
    line: { color: read('--jp-border-color1'), width: 1 },
    hoverinfo: 'skip'
  };
}

function layoutOf({ width, read, titles }: IDrawing): IPlot['layout'] {
  const base = baseLayout(width, HEIGHT, read);
  return {
    ...base,
    hovermode: 'closest',
    margin: { l: 52, r: 12, t: 8, b: 40 },
    xaxis: { ...base.xaxis, title: { text: titles.x, standoff: 4 }, zeroline: false },
    yaxis: {
      ...base.yaxis,
      title: { text: titles.y, standoff: 4 },
      zeroline: false,
      automargin: true
    },
    uirevision: 'same'
  };
}

/** Plotly leaves a gap for null; NaN and infinities are no places. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
