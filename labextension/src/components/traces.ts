import type { Data, Layout } from 'plotly.js';

import type { ISeries, MetricContext } from '../client/types';
import { seriesName } from '../format';
import { type ColoursModel, DASHES } from '../models/colours';

/** What the horizontal axis counts. */
export type XAxis = 'step' | 'time';

/** How a chart's axes are drawn. */
export interface IAxes {
  x: XAxis;
  isLog: boolean;
}

/** Reads a CSS custom property where the chart is. */
export type ReadVariable = (name: string) => string;

/** The lines of a chart: the colour tells the run, the dash tells the context. */
export function makeTraces(
  series: readonly ISeries[],
  axes: IAxes,
  names: ReadonlyMap<string, string>,
  colours: ColoursModel,
  read: ReadVariable
): Data[] {
  const contexts = contextsOf(series);
  const starts = startsOf(series);
  return series.map(item => {
    const colour = colours.get(item.run_id);
    const place = contexts.indexOf(seriesName('', item.context));
    const dash = DASHES[(DASHES.indexOf(colour.dash) + place) % DASHES.length];
    const name = [names.get(item.run_id) ?? '', contextText(item.context)]
      .filter(Boolean)
      .join(' ');
    return {
      type: 'scatter',
      mode: item.values.length === 1 ? 'markers' : 'lines',
      name,
      x: axes.x === 'step' ? item.steps : elapsed(item, starts),
      y: item.values.map(value => (Number.isFinite(value) ? value : null)),
      line: { color: read(colour.variable), width: 1.5, dash },
      marker: { color: read(colour.variable), size: 6 },
      hovertemplate: `%{y:.6~g}<extra>${escapeHtml(name)}</extra>`
    } satisfies Data;
  });
}

/** The layout of a chart in the colours of JupyterLab's theme. */
export function makeLayout(
  width: number,
  axes: IAxes,
  xTitle: string,
  read: ReadVariable
): Partial<Layout> {
  const layout = baseLayout(width, 220, read);
  return {
    ...layout,
    hovermode: 'x',
    xaxis: { ...layout.xaxis, title: { text: xTitle, standoff: 4 }, zeroline: false },
    yaxis: {
      ...layout.yaxis,
      type: axes.isLog ? 'log' : 'linear',
      automargin: true,
      exponentformat: 'power'
    },
    // The user's zoom stays while points arrive; other axes begin anew.
    uirevision: `${axes.x}-${axes.isLog}`
  };
}

/** What the layouts of all charts have in common; sizes in pixels. */
export function baseLayout(width: number, height: number, read: ReadVariable): Partial<Layout> {
  const grid = { gridcolor: read('--jp-border-color2'), zerolinecolor: read('--jp-border-color1') };
  return {
    width,
    height,
    margin: { l: 52, r: 12, t: 6, b: 36 },
    paper_bgcolor: 'transparent',
    plot_bgcolor: 'transparent',
    font: { color: read('--jp-ui-font-color1'), family: read('--jp-ui-font-family'), size: 11 },
    showlegend: false,
    hoverlabel: {
      bgcolor: read('--jp-layout-color1'),
      font: { color: read('--jp-ui-font-color1'), size: 11 }
    },
    xaxis: { ...grid },
    yaxis: { ...grid }
  };
}

/** A sign of the line with which the series at this place is drawn. */
export function dashSign(place: number): string {
  const signs = ['—', '- -', '···', '-·-'];
  return signs[place % signs.length];
}

/** The contexts in a chart, as short texts, in the order of their dashes. */
export function contextsOf(series: readonly ISeries[]): string[] {
  return [...new Set(series.map(item => seriesName('', item.context)))].sort();
}

function contextText(context: MetricContext): string {
  return Object.entries(context)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

function startsOf(series: readonly ISeries[]): Map<string, number> {
  const starts = new Map<string, number>();
  for (const { run_id, times } of series) {
    if (times.length) {
      starts.set(run_id, Math.min(times[0], starts.get(run_id) ?? Infinity));
    }
  }
  return starts;
}

function elapsed(series: ISeries, starts: ReadonlyMap<string, number>): number[] {
  const start = starts.get(series.run_id) ?? 0;
  return series.times.map(time => (time - start) / 1e6);
}

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
