import type { Data } from 'plotly.js';
import * as React from 'react';

import type { CorrelationMethod, ICorrelation } from '../../../client/board';
import type { LoadSourced } from '../../../models/sourced';
import type { ReadVariable } from '../../traces';
import { useView } from '../../view';
import { axesLayout } from '../axes';
import { type IChartKind, type IChartProps, listOption, textOption } from '../chartKinds';
import { ChartState } from '../ChartState';
import { shortName } from '../frames';
import { Plot } from '../Plot';
import { useReport } from '../report';
import { isMetric, isNumberColumn, params } from '../suggest';
import { useSourced } from '../useSourced';

/** How columns of numbers go together. */
function Correlation(props: IChartProps): JSX.Element {
  const { trans } = useView();
  const { chart, context, isVisible } = props;
  const { client, project, source } = context;
  const chosen = JSON.stringify(listOption(chart.options, 'columns'));
  const method = (textOption(chart.options, 'method') || 'spearman') as CorrelationMethod;
  const isEnough = listOption(chart.options, 'columns').length > 1;
  const load = React.useCallback<LoadSourced<ICorrelation>>(
    (runs, signal) =>
      client.correlation(project, runs, JSON.parse(chosen) as string[], method, signal),
    [client, project, chosen, method]
  );
  const sourced = useSourced(source, load, isVisible && isEnough);
  const found = sourced.value;
  const draw = React.useCallback(
    (width: number, read: ReadVariable) =>
      found && correlationPlot(found, { width, height: chart.height, read }),
    [found, chart.height]
  );
  const onDrawn = useReport(props, sourced, trans, ({ columns, matrix }) => {
    const strongest = strongestPair(matrix);
    return {
      summary: strongest
        ? trans.__(
            '%1 columns. The strongest: %2 and %3, %4.',
            columns.length,
            ...strongest.pair.map(place => shortName(columns[place])),
            strongest.value.toFixed(2)
          )
        : trans.__('%1 columns; nothing can be told of them.', columns.length),
      columns: [trans.__('column'), ...columns],
      rows: () => matrix.map((row, place) => [columns[place], ...row])
    };
  });
  if (!isEnough) {
    return (
      <p className="trackbook-Quiet">{trans.__('Choose two columns or more in the options.')}</p>
    );
  }
  return (
    <>
      <ChartState sourced={sourced} />
      <Plot draw={draw} height={chart.height} onDrawn={onDrawn} />
    </>
  );
}

/** The two columns that go together most closely, in either direction. */
export function strongestPair(
  matrix: ICorrelation['matrix']
): { pair: [number, number]; value: number } | null {
  let best: { pair: [number, number]; value: number } | null = null;
  matrix.forEach((row, i) =>
    row.slice(0, i).forEach((value, j) => {
      if (value !== null && (!best || Math.abs(value) > Math.abs(best.value))) {
        best = { pair: [j, i], value };
      }
    })
  );
  return best;
}

export function correlationPlot(
  { columns, matrix, counts }: ICorrelation,
  drawing: { width: number; height: number; read: ReadVariable }
) {
  const { read } = drawing;
  // Places for names: two columns may have the same short one.
  const places = columns.map((_, place) => place);
  const data = {
    type: 'heatmap',
    x: places,
    y: places,
    z: matrix,
    zmin: -1,
    zmax: 1,
    // From blue over the ground to orange: told apart without seeing red and green, and 0 is nothing.
    colorscale: [
      [0, read('--trackbook-run-1')],
      [0.5, read('--jp-layout-color1')],
      [1, read('--trackbook-run-2')]
    ],
    text: matrix.map(row => row.map(value => (value === null ? '' : value.toFixed(2)))),
    texttemplate: columns.length <= 12 ? '%{text}' : '',
    customdata: counts,
    hovertemplate: '%{text} (n = %{customdata})<extra></extra>',
    xgap: 1,
    ygap: 1,
    colorbar: { thickness: 10, outlinewidth: 0 }
  };
  const axis = { tickmode: 'array', tickvals: places, ticktext: columns.map(shortName) } as const;
  const layout = axesLayout(
    drawing,
    read,
    {
      x: { ...axis, showgrid: false, tickangle: columns.length > 5 ? -40 : 0 },
      y: { ...axis, showgrid: false, autorange: 'reversed' }
    },
    JSON.stringify(columns)
  );
  return { data: [data as unknown as Data], layout };
}

export const correlationKind: IChartKind = {
  kind: 'correlation',
  label: trans => trans.__('Correlation'),
  title: (_, trans) => trans.__('Correlation'),
  defaults: columns => {
    const chosen = [
      ...columns
        .filter(isMetric)
        .sort((a, b) => b.count - a.count)
        .slice(0, 4),
      ...params(columns).filter(isNumberColumn).slice(0, 6)
    ];
    return chosen.length > 1
      ? { columns: chosen.map(({ column }) => column), method: 'spearman' }
      : null;
  },
  height: 300,
  fields: trans => [
    { name: 'columns', label: trans.__('Columns'), type: 'columns', offers: isNumberColumn },
    {
      name: 'method',
      label: trans.__('By'),
      type: 'choice',
      choices: [
        { value: 'spearman', label: trans.__('ranks (Spearman)') },
        { value: 'pearson', label: trans.__('values (Pearson)') }
      ]
    }
  ],
  component: Correlation,
  code: options => {
    const columns = listOption(options, 'columns');
    return columns.length > 1 ? { columns, method: options.method ?? null } : null;
  }
};
