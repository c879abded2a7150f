import type { Data } from 'plotly.js';
import * as React from 'react';

import type { Evaluator, IImportance } from '../../../client/board';
import type { LoadSourced } from '../../../models/sourced';
import type { ReadVariable } from '../../traces';
import { useView } from '../../view';
import { axesLayout } from '../axes';
import { type IChartKind, type IChartProps, listOption, textOption } from '../chartKinds';
import { ChartState } from '../ChartState';
import { shortName } from '../frames';
import { Plot } from '../Plot';
import { useReport } from '../report';
import { firstMetric, isNumberColumn, isParam, params } from '../suggest';
import { useSourced } from '../useSourced';

/** How much each parameter decides a value, as one of Optuna's evaluators has it. */
function Importance(props: IChartProps): JSX.Element {
  const { trans } = useView();
  const { chart, context, isVisible } = props;
  const { client, project, source } = context;
  const target = textOption(chart.options, 'target');
  const evaluator = (textOption(chart.options, 'evaluator') || 'ped_anova') as Evaluator;
  const chosen = JSON.stringify(listOption(chart.options, 'params'));
  const load = React.useCallback<LoadSourced<IImportance>>(
    (runs, signal) => {
      const names = JSON.parse(chosen) as string[];
      const how = { target, evaluator, params: names.length ? names : null };
      return client.importance(project, runs, how, signal);
    },
    [client, project, target, evaluator, chosen]
  );
  const sourced = useSourced(source, load, isVisible && target !== '');
  const found = sourced.value;
  const draw = React.useCallback(
    (width: number, read: ReadVariable) =>
      found && importancePlot(found, { width, height: chart.height, read }),
    [found, chart.height]
  );
  const onDrawn = useReport(props, sourced, trans, ({ importance, runs }) => ({
    summary:
      trans._n('%1 run was looked at.', '%1 runs were looked at.', runs) +
      importance.map(({ param, value }) => ` ${shortName(param)} ${percent(value)}.`).join(''),
    columns: [trans.__('parameter'), trans.__('importance')],
    rows: () => importance.map(({ param, value }) => [param, value])
  }));
  if (!target) {
    return <p className="trackbook-Quiet">{trans.__('Choose a value in the options.')}</p>;
  }
  return (
    <>
      <ChartState sourced={sourced} />
      {found?.reason && <p className="trackbook-Quiet">{found.reason}</p>}
      {found && !found.reason && (
        <p className="trackbook-Quiet trackbook-Board-sample">
          {found.goal === 'min'
            ? trans._n('For low values, of %1 run', 'For low values, of %1 runs', found.runs)
            : trans._n('For high values, of %1 run', 'For high values, of %1 runs', found.runs)}
        </p>
      )}
      <div hidden={found?.reason !== null}>
        <Plot draw={draw} height={chart.height} onDrawn={onDrawn} />
      </div>
    </>
  );
}

export function importancePlot(
  { importance }: IImportance,
  drawing: { width: number; height: number; read: ReadVariable }
) {
  const { read } = drawing;
  const rows = [...importance].reverse(); // plotly begins below
  const data: Data = {
    type: 'bar',
    orientation: 'h',
    x: rows.map(({ value }) => value),
    y: rows.map(({ param }) => shortName(param)),
    text: rows.map(({ value }) => percent(value)),
    textposition: 'auto',
    marker: { color: read('--trackbook-run-1') },
    hovertemplate: '%{y}: %{x:.3~f}<extra></extra>'
  };
  const layout = axesLayout(
    drawing,
    read,
    {
      x: { tickformat: '.0%', rangemode: 'tozero' },
      y: { type: 'category', tickfont: { size: 11 } }
    },
    'importance'
  );
  return { data: [data], layout };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

export const importanceKind: IChartKind = {
  kind: 'importance',
  label: trans => trans.__('Parameter importance'),
  title: (options, trans) =>
    options.target
      ? trans.__('What matters for %1', shortName(textOption(options, 'target')))
      : trans.__('Parameter importance'),
  defaults: columns => {
    const target = firstMetric(columns);
    return target && params(columns).length
      ? { target: target.column, evaluator: 'ped_anova', params: [] }
      : null;
  },
  isFirst: columns => params(columns).length > 1,
  fields: trans => [
    { name: 'target', label: trans.__('Value'), type: 'column', offers: isNumberColumn },
    {
      name: 'evaluator',
      label: trans.__('By'),
      type: 'choice',
      choices: [
        { value: 'ped_anova', label: trans.__('PED-ANOVA (of the best tenth)') },
        { value: 'fanova', label: trans.__('fANOVA (of all values)') },
        { value: 'mdi', label: trans.__('Mean decrease in impurity') }
      ]
    },
    {
      name: 'params',
      label: trans.__('Parameters (all that differ without any)'),
      type: 'columns',
      offers: isParam
    }
  ],
  component: Importance,
  code: options =>
    options.target
      ? {
          target: options.target,
          evaluator: options.evaluator ?? null,
          params: listOption(options, 'params').length ? listOption(options, 'params') : null
        }
      : null
};
