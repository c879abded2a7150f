import type { Data } from 'plotly.js';
import * as React from 'react';

import type { IPlot } from '../../PlotBox';
import { escapeHtml } from '../../traces';
import { useView } from '../../view';
import { axesLayout, axisTitle, wordColours } from '../axes';
import {
  flagOption,
  type IChartKind,
  type IChartProps,
  numberOption,
  textOption
} from '../chartKinds';
import { columnOf, labelsOf, numbersOf, shortName } from '../frames';
import { FrameChart, type IFrameChart, type IFrameDrawing } from '../FrameChart';
import { groupPlaces, statisticsOf } from '../groups';
import { rangeText } from '../report';
import { firstMetric, isDrawable, isNumberColumn, params } from '../suggest';
import type { INamedFrame } from '../useSourced';

export interface IDistribution {
  value: string;
  group: string;
  isLog: boolean;
  bins: number;
}

/** A box for each group: the quarters of its runs, and the runs beyond them. */
export function boxPlot(
  frame: INamedFrame,
  what: IDistribution,
  drawing: IFrameDrawing
): IPlot | null {
  const values = numbersOf(frame, what.value);
  if (!values) {
    return null;
  }
  const { read } = drawing;
  const groups = groupPlaces(what.group ? columnOf(frame, what.group) : null, frame.ids.length);
  const palette = wordColours(
    groups.map(({ label }) => label),
    read
  );
  const labels = labelsOf(frame);
  const data = groups.map(({ label, places }): Data => {
    const shown = places.filter(place => isPlace(values[place], what.isLog));
    return {
      type: 'box',
      name: label || shortName(what.value),
      y: shown.map(place => values[place]),
      text: shown.map(place => escapeHtml(labels[place])),
      boxpoints: shown.length > 200 ? 'outliers' : 'all',
      jitter: 0.4,
      pointpos: 0,
      marker: { color: palette.get(label), size: 3, opacity: 0.6 },
      line: { width: 1.2 },
      hovertemplate: '%{text}<br>%{y:.6~g}<extra></extra>'
    };
  });
  const layout = axesLayout(
    drawing,
    read,
    {
      x: { ...axisTitle(what.group ? shortName(what.group) : ''), type: 'category' },
      y: { ...axisTitle(shortName(what.value)), type: what.isLog ? 'log' : 'linear' }
    },
    JSON.stringify(what)
  );
  return { data, layout };
}

/** How many runs have which value: bars over equal stretches, the same for all groups. */
export function histogramOf(
  frame: INamedFrame,
  what: IDistribution
): { edges: number[]; groups: { label: string; counts: number[] }[] } | null {
  const values = numbersOf(frame, what.value);
  const scaled = values?.map(value =>
    isPlace(value, what.isLog) ? (what.isLog ? Math.log10(value!) : value!) : null
  );
  const statistics = scaled ? statisticsOf(scaled) : null;
  if (!scaled || !statistics) {
    return null;
  }
  const { min, max, count } = statistics;
  const bins =
    what.bins > 0 ? Math.min(200, Math.round(what.bins)) : Math.ceil(Math.log2(count) + 1) * 2;
  // Values that are all the same stand in one bar of some width.
  const width = max > min ? (max - min) / bins : Math.abs(min) * 0.1 || 1;
  const start = max > min ? min : min - width / 2;
  const number = max > min ? bins : 1;
  const grouped = groupPlaces(what.group ? columnOf(frame, what.group) : null, frame.ids.length, 8);
  const groups = grouped.map(({ label, places }) => {
    const counts = new Array<number>(number).fill(0);
    for (const place of places) {
      const value = scaled[place];
      if (value !== null) {
        counts[Math.min(number - 1, Math.max(0, Math.floor((value - start) / width)))] += 1;
      }
    }
    return { label, counts };
  });
  const edges = Array.from({ length: number + 1 }, (_, edge) => {
    const value = start + edge * width;
    return what.isLog ? 10 ** value : value;
  });
  return { edges, groups };
}

function histogramPlot(
  frame: INamedFrame,
  what: IDistribution,
  drawing: IFrameDrawing,
  countTitle: string
): IPlot | null {
  const histogram = histogramOf(frame, what);
  if (!histogram) {
    return null;
  }
  const { read } = drawing;
  const { edges, groups } = histogram;
  const palette = wordColours(
    groups.map(({ label }) => label),
    read
  );
  const isLog = what.isLog;
  const data = groups.map(({ label, counts }): Data => ({
    type: 'bar',
    name: label,
    x: counts.map((_, place) =>
      isLog ? Math.sqrt(edges[place] * edges[place + 1]) : (edges[place] + edges[place + 1]) / 2
    ),
    y: counts,
    width: isLog ? undefined : counts.map((_, place) => edges[place + 1] - edges[place]),
    customdata: counts.map((_, place) => [edges[place], edges[place + 1]]),
    marker: {
      color: palette.get(label),
      line: { width: 0.5, color: read('--jp-layout-color1') }
    },
    hovertemplate: `%{customdata[0]:.4~g} … %{customdata[1]:.4~g}: %{y}<extra>${escapeHtml(label)}</extra>`
  }));
  const layout = axesLayout(
    drawing,
    read,
    {
      x: { ...axisTitle(shortName(what.value)), type: isLog ? 'log' : 'linear' },
      y: axisTitle(countTitle)
    },
    JSON.stringify(what)
  );
  return {
    data,
    layout: { ...layout, barmode: 'stack', bargap: 0, showlegend: groups.length > 1, ...LEGEND }
  };
}

/** A legend above the drawing, where it takes nothing of the width. */
export const LEGEND = {
  legend: { orientation: 'h', x: 0, y: 1.02, yanchor: 'bottom', font: { size: 10 } }
} as const;

function isPlace(value: number | null, isLog: boolean): boolean {
  return value !== null && Number.isFinite(value) && (!isLog || value > 0);
}

function Distribution(props: IChartProps & { isBox: boolean }): JSX.Element {
  const { trans } = useView();
  const { isBox } = props;
  const make = React.useCallback(
    ({ chart: { options } }: IChartProps): IFrameChart => {
      const what: IDistribution = {
        value: textOption(options, 'value'),
        group: textOption(options, 'group'),
        isLog: flagOption(options, 'log'),
        bins: numberOption(options, 'bins', 0)
      };
      return {
        asked: [what.value, what.group],
        needed: 1,
        plot: (frame, drawing) =>
          isBox
            ? boxPlot(frame, what, drawing)
            : histogramPlot(frame, what, drawing, trans.__('runs')),
        summary: frame => {
          const values = numbersOf(frame, what.value);
          const median = statisticsOf(values ?? [])?.median;
          return [
            trans._n('%1 run.', '%1 runs.', frame.ids.length),
            rangeText(shortName(what.value), values, trans),
            median === undefined ? '' : trans.__('Median %1.', median)
          ].join(' ');
        },
        table: frame => {
          const values = numbersOf(frame, what.value) ?? [];
          const groups = groupPlaces(
            what.group ? columnOf(frame, what.group) : null,
            frame.ids.length
          );
          return {
            columns: [
              what.group || trans.__('runs'),
              trans.__('count'),
              ...['mean', 'std', 'min', 'median', 'max']
            ],
            rows: groups.flatMap(({ label, places }) => {
              const found = statisticsOf(places.map(place => values[place]));
              return found
                ? [
                    [
                      label || trans.__('all'),
                      found.count,
                      found.mean,
                      Number.isNaN(found.std) ? null : found.std,
                      found.min,
                      found.median,
                      found.max
                    ]
                  ]
                : [];
            })
          };
        }
      };
    },
    [trans, isBox]
  );
  return <FrameChart {...props} make={make} />;
}

function Box(props: IChartProps): JSX.Element {
  return <Distribution {...props} isBox />;
}

function Histogram(props: IChartProps): JSX.Element {
  return <Distribution {...props} isBox={false} />;
}

export const boxKind: IChartKind = {
  kind: 'box',
  label: trans => trans.__('Box plot'),
  title: (options, trans) => {
    const value = shortName(textOption(options, 'value'));
    const group = shortName(textOption(options, 'group'));
    return group ? trans.__('%1 by %2', value, group) : value || trans.__('Box plot');
  },
  defaults: columns => {
    const value = firstMetric(columns);
    const group = params(columns).find(column => !isNumberColumn(column));
    return value ? { value: value.column, group: group?.column ?? '' } : null;
  },
  fields: trans => [
    { name: 'value', label: trans.__('Value'), type: 'column', offers: isNumberColumn },
    {
      name: 'group',
      label: trans.__('Group by'),
      type: 'column',
      offers: isDrawable,
      isOptional: true
    },
    { name: 'log', label: trans.__('Log scale'), type: 'flag' }
  ],
  component: Box,
  code: ({ value, group, log }) =>
    value ? { value, group: group ?? null, log: log || null } : null
};

export const histogramKind: IChartKind = {
  kind: 'histogram',
  label: trans => trans.__('Histogram'),
  title: (options, trans) => {
    const value = shortName(textOption(options, 'value'));
    return value ? trans.__('Runs by %1', value) : trans.__('Histogram');
  },
  defaults: columns => {
    const value = firstMetric(columns);
    return value ? { value: value.column } : null;
  },
  isFirst: () => true,
  fields: trans => [
    { name: 'value', label: trans.__('Value'), type: 'column', offers: isNumberColumn },
    {
      name: 'group',
      label: trans.__('Colour by'),
      type: 'column',
      offers: isDrawable,
      isOptional: true
    },
    { name: 'bins', label: trans.__('Bars'), type: 'number', least: 1, most: 200 },
    { name: 'log', label: trans.__('Log scale'), type: 'flag' }
  ],
  component: Histogram,
  code: ({ value, group, bins, log }) =>
    value ? { value, group: group ?? null, bins: bins ?? null, log: log || null } : null
};
