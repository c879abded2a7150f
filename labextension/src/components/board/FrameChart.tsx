import * as React from 'react';

import type { ITableColumn } from '../../client/table';
import type { JsonValue } from '../../client/types';
import type { ColoursModel } from '../../models/colours';
import type { IPlot } from '../PlotBox';
import type { ReadVariable } from '../traces';
import { useModel, useView } from '../view';
import type { IChartProps } from './chartKinds';
import { ChartState } from './ChartState';
import { frameRows } from './frames';
import { Plot } from './Plot';
import { useReport } from './report';
import { isDarkTheme } from './theme';
import { type INamedFrame, useFrame } from './useSourced';

/** Where a plot of a frame is drawn. */
export interface IFrameDrawing {
  width: number;
  height: number;
  read: ReadVariable;
  colours: ColoursModel;
  columns: readonly ITableColumn[];
  isDark: boolean;
}

/** What a kind does with the values of its columns. The functions depend on the chart's options alone. */
export interface IFrameChart {
  /** The columns that it needs; while one of the first `needed` is empty, it asks for it. */
  asked: readonly string[];
  needed: number;
  plot: (frame: INamedFrame, drawing: IFrameDrawing) => IPlot | null;
  summary: (frame: INamedFrame) => string;
  /** The table behind the picture, where it is another than the columns that were asked for. */
  table?: (frame: INamedFrame) => { columns: string[]; rows: JsonValue[][] };
}

/** A chart that plotly draws of columns of values. */
export function FrameChart(
  props: IChartProps & { make: (props: IChartProps) => IFrameChart }
): JSX.Element {
  const { trans } = useView();
  const { chart, context, columns, isVisible, make } = props;
  const { colours } = context;
  const made = React.useMemo(
    () => make(props),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- what is made depends on the options alone
    [make, chart.options, trans]
  );
  const asked = React.useMemo(() => made.asked.filter(Boolean), [made]);
  const isWhole = made.asked.slice(0, made.needed).every(Boolean);
  const sourced = useFrame(context, asked, isVisible && isWhole);
  const frame = sourced.value;
  const version = useModel(colours);
  const draw = React.useCallback(
    (width: number, read: ReadVariable) =>
      frame &&
      made.plot(frame, {
        width,
        height: chart.height,
        read,
        colours,
        columns: columns ?? [],
        isDark: isDarkTheme()
      }),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the version tells of changes within the model
    [frame, made, chart.height, columns, colours, version]
  );
  const onDrawn = useReport(props, sourced, trans, value => {
    const table = made.table?.(value) ?? {
      columns: [trans.__('run'), ...asked],
      rows: frameRows(value, asked)
    };
    return { summary: made.summary(value), columns: table.columns, rows: () => table.rows };
  });
  if (!isWhole) {
    return <p className="trackbook-Quiet">{trans.__('Choose what to draw in the options.')}</p>;
  }
  return (
    <>
      <ChartState sourced={sourced} />
      <Plot draw={draw} height={chart.height} onDrawn={onDrawn} />
    </>
  );
}
