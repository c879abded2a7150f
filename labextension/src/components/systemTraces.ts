import type { Data } from 'plotly.js';

import type { ISeries } from '../client/types';
import { seriesName } from '../format';
import { type ColoursModel, DASHES } from '../models/colours';
import { systemName } from '../models/systemMetrics';
import type { IPlot } from './PlotBox';
import { baseLayout, escapeHtml, type ReadVariable } from './traces';

export interface ISystemDrawing {
  /** The one-line names of the series, which say with which line each is drawn. */
  order: readonly string[];
  unit: string | null;
  /** What the horizontal axis is called. */
  title: string;
  width: number;
  read: ReadVariable;
  colours: ColoursModel;
}

/** A chart of series of one unit: all in the run's colour, each with its line. */
export function systemPlot(points: readonly ISeries[], drawing: ISystemDrawing): IPlot {
  const { order, unit, title, width, read, colours } = drawing;
  const { format, suffix } = axisFormat(unit);
  const data = points.map((item): Data => {
    const place = Math.max(0, order.indexOf(seriesName(item.key, item.context)));
    const color = read(colours.get(item.run_id).variable);
    const name = seriesName(systemName(item.key), item.context);
    return {
      type: 'scatter',
      mode: item.values.length === 1 ? 'markers' : 'lines',
      name,
      x: item.steps,
      y: item.values.map(value => (Number.isFinite(value) ? value : null)),
      line: { color, width: 1.5, dash: DASHES[place % DASHES.length] },
      marker: { color, size: 6 },
      hovertemplate: `%{y:${format}}${escapeHtml(suffix)}<extra>${escapeHtml(name)}</extra>`
    };
  });
  const base = baseLayout(width, 220, read);
  return {
    data,
    layout: {
      ...base,
      hovermode: 'x',
      xaxis: { ...base.xaxis, title: { text: title, standoff: 4 }, zeroline: false },
      yaxis: {
        ...base.yaxis,
        rangemode: 'tozero',
        tickformat: format,
        ticksuffix: suffix,
        automargin: true
      },
      uirevision: 'same'
    }
  };
}

/** How numbers of a unit are written: bytes with k, M, G; all else as it is. */
function axisFormat(unit: string | null): { format: string; suffix: string } {
  const bytes = /^(?:B|bytes)(\/s)?$/.exec(unit ?? '');
  if (bytes) {
    return { format: '.3~s', suffix: `B${bytes[1] ?? ''}` };
  }
  return { format: '.4~g', suffix: unit ? ` ${unit}` : '' };
}
