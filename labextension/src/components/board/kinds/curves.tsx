import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { formatNumber, seriesKey } from '../../../format';
import type { ChartOptions } from '../../../models/board';
import { CurveChartModel } from '../../../models/curveChart';
import { CurveOptions, type ICurveSettings } from '../../../models/curveOptions';
import type { IPictures } from '../../curves/CurveCanvas';
import { CurveDrawing, CurveNotes, figures, useCurves } from '../../curves/CurveChart';
import { CurveLegend } from '../../curves/CurveLegend';
import { ownersOf } from '../../curves/lines';
import { CURVE_COLUMNS, curveRows } from '../../curves/report';
import { useModel, useView } from '../../view';
import {
  flagOption,
  type IChartKind,
  type IChartProps,
  type IOptionField,
  listOption,
  numberOption,
  textOption
} from '../chartKinds';
import { shortName } from '../frames';
import { firstMetric, isMetric } from '../suggest';

/** A legend takes so much of a chart's height, in pixels. */
const LEGEND = 32;
/** Lower than this, no curve can be read: several contexts make the chart higher. */
const LEAST_HEIGHT = 160;

/** Curves of one or several metrics. */
function Curves(props: IChartProps): JSX.Element {
  const { trans } = useView();
  const { chart } = props;
  const keys = keysOf(chart.options);
  if (!keys.length) {
    return <p className="trackbook-Quiet">{trans.__('Choose metrics in the options.')}</p>;
  }
  return <CurvesOf key={keys.join('\n')} {...props} keys={keys} />;
}

function CurvesOf(props: IChartProps & { keys: readonly string[] }): JSX.Element {
  const { trans } = useView();
  const { chart, context, keys, report } = props;
  const { client, changes, project, source, colours } = context;
  const [made] = React.useState(() => {
    const options = new CurveOptions(settingsOf(chart.options));
    const target = source.target;
    return {
      options,
      model: new CurveChartModel({ client, changes, project, source: target, keys, options })
    };
  });
  const { options, model } = made;
  useModel(source);
  const target = JSON.stringify(source.target);
  React.useEffect(() => model.setSource(source.target), [model, source, target]);
  React.useEffect(() => options.set(settingsOf(chart.options)), [options, chart.options]);
  React.useEffect(() => () => made.model.dispose(), [made]);
  const drawing = useCurves({ model, options, colours });
  const { lines } = drawing;
  const [pictures, setPictures] = React.useState<IPictures | null>(null);
  const label = keys.join(', ');
  React.useEffect(() => {
    report(
      lines.length
        ? {
            summary: summaryOf(
              lines.length,
              label,
              lines.flatMap(line => figures(line.curve)),
              trans
            ),
            columns: CURVE_COLUMNS,
            rows: () => curveRows(lines),
            image: drawing.facets.length === 1 && pictures ? () => pictures.png() : null
          }
        : null
    );
  }, [report, lines, drawing, label, pictures, trans]);
  const owners = model.overview ? ownersOf(model.overview, colours, trans) : [];
  const hasLegend = owners.length > 1;
  const height = canvasHeight(chart.height, hasLegend, drawing.facets.length);
  return (
    <div className="trackbook-Curves">
      {hasLegend && <CurveLegend owners={owners} options={options} />}
      <CurveDrawing
        label={label}
        model={model}
        options={options}
        colours={colours}
        height={height}
        drawing={drawing}
        onPictures={setPictures}
      />
      <CurveNotes model={model} />
    </div>
  );
}

/** How high each canvas of a chart is: one, or one for each context. */
export function canvasHeight(height: number, hasLegend: boolean, facets: number): number {
  return Math.max(LEAST_HEIGHT, (height - (hasLegend ? LEGEND : 0)) / facets);
}

/** The keys of the metrics that are chosen, each with all of its contexts. */
function keysOf(options: ChartOptions): string[] {
  const columns = listOption(options, 'metrics');
  return [...new Set(columns.map(column => seriesKey(keyOf(column))).filter(Boolean))].slice(0, 16);
}

function keyOf(column: string): string {
  const key = column.replace(/^metrics\./, '');
  return key.startsWith('`') ? key.slice(1, key.lastIndexOf('`')).replaceAll('``', '`') : key;
}

function settingsOf(options: ChartOptions): Partial<ICurveSettings> {
  return {
    x: textOption(options, 'over') || textOption(options, 'x') || 'step',
    isLogX: flagOption(options, 'log_x'),
    isLogY: flagOption(options, 'log_y'),
    smoothing: Math.max(0, Math.min(0.99, numberOption(options, 'smoothing', 0))),
    hasEnvelope: options.envelope !== false,
    groupBy: textOption(options, 'group_by') || null,
    band: textOption(options, 'band') === 'deviation' ? 'deviation' : 'range',
    hasFacets: flagOption(options, 'facets')
  };
}

function summaryOf(
  count: number,
  label: string,
  values: readonly (number | null)[],
  trans: TranslationBundle
): string {
  const known = values.filter((value): value is number => value !== null);
  const curves = trans._n('%1 curve of %2.', '%1 curves of %2.', count, label);
  if (!known.length) {
    return curves;
  }
  const [low, high] = [Math.min(...known), Math.max(...known)].map(formatNumber);
  return `${curves} ${trans.__('Values from %1 to %2.', low, high)}`;
}

function fields(trans: TranslationBundle): IOptionField[] {
  return [
    { name: 'metrics', label: trans.__('Metrics'), type: 'columns', offers: isMetric },
    {
      name: 'x',
      label: trans.__('Horizontal'),
      type: 'choice',
      choices: [
        { value: 'step', label: trans.__('step') },
        { value: 'relative', label: trans.__('time since the start') },
        { value: 'time', label: trans.__('time') }
      ]
    },
    {
      name: 'over',
      label: trans.__('Over a metric'),
      type: 'column',
      offers: isMetric,
      isOptional: true
    },
    { name: 'log_x', label: trans.__('Log scale, horizontal'), type: 'flag' },
    { name: 'log_y', label: trans.__('Log scale, vertical'), type: 'flag' },
    { name: 'smoothing', label: trans.__('Smoothing'), type: 'number', least: 0, most: 0.99 },
    { name: 'envelope', label: trans.__('Range of values'), type: 'flag' },
    {
      name: 'group_by',
      label: trans.__('Mean over'),
      type: 'column',
      offers: column => !isMetric(column),
      isOptional: true
    },
    {
      name: 'band',
      label: trans.__('Band'),
      type: 'choice',
      choices: [
        { value: 'range', label: trans.__('lowest to highest') },
        { value: 'deviation', label: trans.__('standard deviation') }
      ]
    },
    { name: 'facets', label: trans.__('A chart for each context'), type: 'flag' }
  ];
}

export const curvesKind: IChartKind = {
  kind: 'curves',
  label: trans => trans.__('Curves'),
  title: (options, trans) =>
    listOption(options, 'metrics').map(shortName).join(', ') || trans.__('Curves'),
  defaults: columns => {
    const metric = firstMetric(columns);
    return metric ? { metrics: [metric.column], x: 'step', envelope: true, band: 'range' } : null;
  },
  isFirst: columns => columns.some(isMetric),
  fields,
  component: Curves,
  code: options => ({
    metrics: listOption(options, 'metrics'),
    x: textOption(options, 'over') || textOption(options, 'x') || 'step',
    log_x: flagOption(options, 'log_x') || null,
    log_y: flagOption(options, 'log_y') || null,
    group_by: textOption(options, 'group_by'),
    band: textOption(options, 'band')
  })
};
