import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ChartOptions } from '../../../models/board';
import { CommandIDs } from '../../../commandIds';
import { useModel, useView } from '../../view';
import {
  type IChartKind,
  type IChartProps,
  type IOptionField,
  scaleField,
  scaleOption,
  textOption
} from '../chartKinds';
import { ChartState } from '../ChartState';
import { frameRows, numbersOf, shortName } from '../frames';
import { type IPlotPoint, Plot } from '../Plot';
import { firstMetric, firstParam, isDrawable, isNumberColumn } from '../suggest';
import { rangeText, useReport } from '../report';
import { isDarkTheme } from '../theme';
import { useFrame } from '../useSourced';
import { type IScatter, scatterIds, scatterPlot } from './scatterPlot';

/** One dot a run, by two of its values; a third can be the size, a fourth the colour. */
function Scatter(props: IChartProps): JSX.Element {
  const { trans, execute } = useView();
  const { chart, context, columns, isVisible, setOptions } = props;
  const { colours, selection, source, project } = context;
  const { options } = chart;
  const what = React.useMemo(() => whatOf(options), [options]);
  const asked = React.useMemo(
    () => [what.x, what.y, what.size, what.colour].filter(Boolean),
    [what]
  );
  const sourced = useFrame(context, asked, isVisible);
  const frame = sourced.value;
  const version = useModel(colours, selection);
  const drag = textOption(options, 'drag') === 'lasso' ? 'lasso' : 'zoom';
  const draw = React.useCallback(
    (width: number, read: (name: string) => string) =>
      frame &&
      scatterPlot(frame, what, {
        width,
        height: chart.height,
        read,
        colours,
        columns: columns ?? [],
        marked: new Set(source.isSelection ? [] : selection.ids),
        isDark: isDarkTheme(),
        drag
      }),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the version tells of changes within the models
    [frame, what, chart.height, columns, drag, version, source]
  );
  const onDrawn = useReport(props, sourced, trans, value => {
    const xs = numbersOf(value, what.x);
    const ys = numbersOf(value, what.y);
    return {
      summary: [
        trans._n('%1 run.', '%1 runs.', value.ids.length),
        rangeText(shortName(what.x), xs, trans),
        rangeText(shortName(what.y), ys, trans)
      ].join(' '),
      columns: [trans.__('run'), ...asked],
      rows: () => frameRows(value, asked)
    };
  });
  const onSelect = (points: readonly IPlotPoint[]) => {
    const ids = points.flatMap(({ data, point }) =>
      scatterIds(data as { ids?: string[] }, [point])
    );
    if (ids.length) {
      selection.set(ids);
    }
  };
  const onClick = ({ data, point }: IPlotPoint) => {
    const [run] = scatterIds(data, [point]);
    if (run) {
      execute(CommandIDs.openRun, { project, run });
    }
  };
  if (!what.x || !what.y) {
    return <p className="trackbook-Quiet">{trans.__('Choose two columns in the options.')}</p>;
  }
  return (
    <>
      <ChartState sourced={sourced} />
      <button
        className="trackbook-Button trackbook-Board-tool"
        aria-pressed={drag === 'lasso'}
        title={trans.__('Draw around dots to select their runs; off, dragging zooms')}
        onClick={() => setOptions({ drag: drag === 'lasso' ? 'zoom' : 'lasso' })}
      >
        {trans.__('Lasso')}
      </button>
      <Plot
        draw={draw}
        height={chart.height}
        onDrawn={onDrawn}
        onSelect={onSelect}
        onClick={onClick}
      />
    </>
  );
}

function whatOf(options: ChartOptions): IScatter {
  return {
    x: textOption(options, 'x'),
    y: textOption(options, 'y'),
    size: textOption(options, 'size'),
    colour: textOption(options, 'colour'),
    isLogX: scaleOption(options, 'log_x'),
    isLogY: scaleOption(options, 'log_y')
  };
}

function fields(trans: TranslationBundle): IOptionField[] {
  return [
    { name: 'x', label: trans.__('Horizontal'), type: 'column', offers: isDrawable },
    { name: 'y', label: trans.__('Vertical'), type: 'column', offers: isDrawable },
    {
      name: 'size',
      label: trans.__('Size'),
      type: 'column',
      offers: isNumberColumn,
      isOptional: true
    },
    {
      name: 'colour',
      label: trans.__('Colour'),
      type: 'column',
      offers: isDrawable,
      isOptional: true
    },
    scaleField('log_x', trans.__('Scale, horizontal'), trans),
    scaleField('log_y', trans.__('Scale, vertical'), trans)
  ];
}

export const scatterKind: IChartKind = {
  kind: 'scatter',
  label: trans => trans.__('Scatter and bubbles'),
  title: (options, trans) =>
    options.x && options.y
      ? trans.__(
          '%1 by %2',
          shortName(textOption(options, 'y')),
          shortName(textOption(options, 'x'))
        )
      : trans.__('Scatter'),
  defaults: columns => {
    const y = firstMetric(columns);
    const x = firstParam(columns) ?? firstMetric(columns, 1);
    return x && y ? { x: x.column, y: y.column } : null;
  },
  isFirst: () => true,
  fields,
  component: Scatter,
  code: options => {
    const { x, y, size, colour } = options;
    return x && y
      ? {
          x,
          y,
          size: size ?? null,
          colour: colour ?? null,
          log_x: scaleOption(options, 'log_x'),
          log_y: scaleOption(options, 'log_y')
        }
      : null;
  }
};
