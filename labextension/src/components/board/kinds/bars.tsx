import type { Data } from 'plotly.js';
import * as React from 'react';

import type { JsonValue } from '../../../client/types';
import type { IPlot } from '../../PlotBox';
import { escapeHtml } from '../../traces';
import { useView } from '../../view';
import { axesLayout, axisTitle, runColours, wordColours } from '../axes';
import { type IChartKind, type IChartProps, listOption, textOption } from '../chartKinds';
import { columnOf, labelsOf, numbersOf, shortName } from '../frames';
import { FrameChart, type IFrameChart, type IFrameDrawing } from '../FrameChart';
import { groupPlaces, statisticsOf } from '../groups';
import { rangeText } from '../report';
import { firstMetric, isDrawable, isNumberColumn } from '../suggest';
import type { INamedFrame } from '../useSourced';
import { LEGEND } from './distribution';

/** So many runs have a bar each; of more, those with the largest first values. */
export const MOST_BARS = 60;

export interface IBars {
  values: string[];
  group: string;
}

/** One bar: of a run, or of the runs of a group, with the spread of their values. */
export interface IBar {
  label: string;
  id: string | null;
  values: (number | null)[];
  spreads: (number | null)[];
  count: number;
}

/** The bars of a frame; those of runs by their first value, the largest first. */
export function barsOf(frame: INamedFrame, what: IBars): IBar[] {
  const columns = what.values.map(name => numbersOf(frame, name) ?? []);
  if (what.group) {
    return groupPlaces(columnOf(frame, what.group), frame.ids.length).map(({ label, places }) => {
      const found = columns.map(column => statisticsOf(places.map(place => column[place] ?? null)));
      return {
        label,
        id: null,
        values: found.map(one => one?.mean ?? null),
        spreads: found.map(one => (one && !Number.isNaN(one.std) ? one.std : null)),
        count: places.length
      };
    });
  }
  const labels = labelsOf(frame);
  return frame.ids
    .map((id, place) => ({
      label: labels[place],
      id,
      values: columns.map(column => finite(column[place])),
      spreads: columns.map(() => null),
      count: 1
    }))
    .filter(bar => bar.values.some(value => value !== null))
    .sort((a, b) => (b.values[0] ?? -Infinity) - (a.values[0] ?? -Infinity))
    .slice(0, MOST_BARS);
}

export function barPlot(frame: INamedFrame, what: IBars, drawing: IFrameDrawing): IPlot {
  const { read, colours } = drawing;
  const bars = barsOf(frame, what);
  const isSingle = what.values.length === 1;
  const palette = wordColours(what.values, read);
  const runs = runColours(
    bars.map(({ id }) => id ?? ''),
    colours,
    read
  );
  const data = what.values.map((name, k): Data => ({
    type: 'bar',
    name: shortName(name),
    x: bars.map(({ label }) => label),
    y: bars.map(({ values }) => values[k]),
    customdata: bars.map(({ count }) => count),
    marker: { color: isSingle && !what.group ? runs : palette.get(name) },
    error_y: what.group
      ? {
          type: 'data',
          array: bars.map(({ spreads }) => spreads[k] ?? 0),
          visible: true,
          thickness: 1,
          width: 3,
          color: read('--jp-ui-font-color1')
        }
      : undefined,
    hovertemplate:
      `%{x}<br>${escapeHtml(shortName(name))}: %{y:.6~g}` +
      `${what.group ? '<br>n = %{customdata}' : ''}<extra></extra>`
  }));
  const layout = axesLayout(
    drawing,
    read,
    {
      x: { ...axisTitle(what.group ? shortName(what.group) : ''), type: 'category' },
      y: isSingle ? axisTitle(shortName(what.values[0])) : {}
    },
    JSON.stringify(what)
  );
  return { data, layout: { ...layout, showlegend: !isSingle, barmode: 'group', ...LEGEND } };
}

function finite(value: number | null | undefined): number | null {
  return value !== null && value !== undefined && Number.isFinite(value) ? value : null;
}

function Bars(props: IChartProps): JSX.Element {
  const { trans } = useView();
  const make = React.useCallback(
    ({ chart: { options } }: IChartProps): IFrameChart => {
      const what: IBars = {
        values: listOption(options, 'values'),
        group: textOption(options, 'group')
      };
      return {
        asked: [...(what.values.length ? what.values : ['']), what.group],
        needed: 1,
        plot: (frame, drawing) => barPlot(frame, what, drawing),
        summary: frame => {
          const bars = barsOf(frame, what);
          return [
            trans._n('%1 bar.', '%1 bars.', bars.length),
            ...what.values.map((name, k) =>
              rangeText(
                shortName(name),
                bars.map(({ values }) => values[k]),
                trans
              )
            )
          ].join(' ');
        },
        table: frame => ({
          columns: [
            what.group || trans.__('run'),
            ...what.values.flatMap(name => (what.group ? [name, `std ${name}`] : [name])),
            ...(what.group ? [trans.__('count')] : [])
          ],
          rows: barsOf(frame, what).map((bar): JsonValue[] => [
            bar.label,
            ...bar.values.flatMap((value, k) => (what.group ? [value, bar.spreads[k]] : [value])),
            ...(what.group ? [bar.count] : [])
          ])
        })
      };
    },
    [trans]
  );
  return <FrameChart {...props} make={make} />;
}

export const barsKind: IChartKind = {
  kind: 'bars',
  label: trans => trans.__('Bars'),
  title: (options, trans) => {
    const values = listOption(options, 'values').map(shortName).join(', ');
    const group = shortName(textOption(options, 'group'));
    return values ? trans.__('%1 by %2', values, group || trans.__('run')) : trans.__('Bars');
  },
  defaults: columns => {
    const value = firstMetric(columns);
    return value ? { values: [value.column], group: '' } : null;
  },
  isFirst: () => true,
  fields: trans => [
    { name: 'values', label: trans.__('Values'), type: 'columns', offers: isNumberColumn },
    {
      name: 'group',
      label: trans.__('Group by'),
      type: 'column',
      offers: isDrawable,
      isOptional: true
    }
  ],
  component: Bars,
  code: options => {
    const values = listOption(options, 'values');
    return values.length ? { values, group: options.group ?? null } : null;
  }
};
