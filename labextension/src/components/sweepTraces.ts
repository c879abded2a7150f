import type { Data, Layout } from 'plotly.js';

import type { ISweepDetail, ISweepTrial } from '../client/sweeps';
import { formatValue } from '../format';
import { bestSoFar, valueOf } from '../models/trials';
import type { IPlot } from './PlotBox';
import { baseLayout, escapeHtml, type ReadVariable } from './traces';

const HEIGHT = 220;

/** How the best value grew over the trials, each of them a dot. */
export function curveOfBest(
  sweep: ISweepDetail,
  objective: number,
  width: number,
  xTitle: string,
  read: ReadVariable
): IPlot {
  const points = bestSoFar(sweep, objective);
  const trials = points.map(({ trial }) => trial);
  const colour = read('--trackbook-run-1');
  const data: Data[] = [
    dots(
      trials,
      points.map(({ value }) => value),
      textsOf(sweep, trials),
      read
    ),
    {
      type: 'scatter',
      mode: 'lines',
      x: trials,
      y: points.map(({ best }) => best),
      line: { color: colour, width: 1.5, shape: 'hv' },
      hovertemplate: '%{y:.6~g}<extra></extra>'
    }
  ];
  return { data, layout: layoutOf(width, read, { title: { text: xTitle, standoff: 4 } }) };
}

/** What an objective was for each value of a parameter. */
export function parameterScatter(
  sweep: ISweepDetail,
  objective: number,
  name: string,
  width: number,
  read: ReadVariable
): IPlot {
  const trials = sweep.runs.filter(
    trial => trial.status === 'finished' && valueOf(trial, objective) !== null
  );
  const values = trials.map(({ params }) => params[name] ?? null);
  const isNumeric = values.every(value => typeof value === 'number');
  const isLog = isNumeric && sweep.space[name].log === true;
  const x = values.map(value =>
    typeof value === 'number' && isNumeric ? value : formatValue(value)
  );
  const y = trials.map(trial => valueOf(trial, objective)!);
  const texts = textsOf(
    sweep,
    trials.map(({ trial }) => trial)
  );
  const axis = { type: isLog ? 'log' : isNumeric ? 'linear' : 'category' } as const;
  return { data: [dots(x, y, texts, read)], layout: layoutOf(width, read, axis) };
}

function dots(x: (number | string)[], y: number[], text: string[], read: ReadVariable): Data {
  return {
    type: 'scatter',
    mode: 'markers',
    x,
    y,
    text,
    marker: { color: read('--jp-ui-font-color2'), size: 6, opacity: 0.8 },
    hovertemplate: '%{y:.6~g}<br>%{text}<extra></extra>'
  };
}

function textsOf(sweep: ISweepDetail, trials: readonly number[]): string[] {
  const known = new Map(sweep.runs.map(trial => [trial.trial, trial]));
  return trials.map(trial => textOf(known.get(trial)!));
}

function textOf({ trial, params }: ISweepTrial): string {
  const parts = Object.entries(params).map(([name, value]) => `${name}=${formatValue(value)}`);
  return escapeHtml([`#${trial}`, ...parts].join(' '));
}

function layoutOf(
  width: number,
  read: ReadVariable,
  xaxis: Partial<Layout['xaxis']>
): Partial<Layout> {
  const layout = baseLayout(width, HEIGHT, read);
  return {
    ...layout,
    hovermode: 'closest',
    xaxis: { ...layout.xaxis, zeroline: false, ...xaxis },
    yaxis: { ...layout.yaxis, automargin: true, zeroline: false },
    // The user's zoom stays while trials end.
    uirevision: 'sweep'
  };
}
