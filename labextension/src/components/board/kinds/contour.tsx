import type { Data } from 'plotly.js';
import * as React from 'react';

import { numberOf } from '../../../client/board';
import { formatNumber } from '../../../format';
import type { ChartOptions } from '../../../models/board';
import { spansOrders } from '../../../models/scales';
import { axesLayout, axisTitle, scaleOf } from '../axes';
import {
  type IChartKind,
  type IChartProps,
  scaleField,
  scaleOption,
  textOption
} from '../chartKinds';
import { columnOf, labelsOf, numbersOf, shortName } from '../frames';
import { FrameChart, type IFrameChart, type IFrameDrawing } from '../FrameChart';
import { rangeText } from '../report';
import { firstMetric, isNumberColumn, params } from '../suggest';
import { surfaceOf } from '../surface';
import type { INamedFrame } from '../useSourced';
import { useView } from '../../view';

export interface IContour {
  x: string;
  y: string;
  z: string;
  isLogX: boolean;
  isLogY: boolean;
}

/** What is drawn of a chart, each axis on the scale that is chosen or that suits its values. */
function contourOf(options: ChartOptions, frame: INamedFrame): IContour {
  const [x, y, z] = ['x', 'y', 'z'].map(name => textOption(options, name));
  const isLog = (option: string, column: string) =>
    scaleOption(options, option) ?? spansOrders(numbersOf(frame, column) ?? []);
  return { x, y, z, isLogX: isLog('log_x', x), isLogY: isLog('log_y', y) };
}

/** Runs that have all three numbers, by their places. */
export function contourPoints(
  frame: INamedFrame,
  what: IContour
): { place: number; x: number; y: number; z: number }[] {
  const [xs, ys, zs] = [what.x, what.y, what.z].map(name => columnOf(frame, name) ?? []);
  return frame.ids.flatMap((_, place) => {
    const [x, y, z] = [xs, ys, zs].map(values => numberOf(values[place] ?? null));
    const isThere = [x, y, z].every(value => value !== null && Number.isFinite(value));
    const isPositive = (!what.isLogX || x! > 0) && (!what.isLogY || y! > 0);
    return isThere && isPositive ? [{ place, x: x!, y: y!, z: z! }] : [];
  });
}

/** A surface of a value over two others, with the runs that it was made of. */
export function contourPlot(frame: INamedFrame, what: IContour, drawing: IFrameDrawing) {
  const { read } = drawing;
  const points = contourPoints(frame, what);
  const labels = labelsOf(frame);
  const surface = surfaceOf(points, { x: what.isLogX, y: what.isLogY });
  const dots: Data = {
    type: 'scatter',
    mode: 'markers',
    x: points.map(({ x }) => x),
    y: points.map(({ y }) => y),
    text: points.map(({ place, z }) => `${labels[place]}<br>${formatNumber(z)}`),
    marker: {
      size: points.length > 500 ? 3 : 5,
      color: read('--jp-ui-font-color1'),
      line: { width: 1, color: read('--jp-layout-color1') }
    },
    hovertemplate: '%{text}<extra></extra>'
  };
  const sheet = surface && {
    type: 'contour' as const,
    ...surface,
    colorscale: scaleOf(drawing.isDark),
    contours: { coloring: 'heatmap' as const, showlines: true },
    line: { width: 0.5, color: read('--jp-border-color0') },
    colorbar: {
      thickness: 10,
      outlinewidth: 0,
      title: { text: shortName(what.z), side: 'right' as const }
    },
    connectgaps: false,
    hoverinfo: 'skip' as const
  };
  const layout = axesLayout(
    drawing,
    read,
    {
      x: { ...axisTitle(shortName(what.x)), type: what.isLogX ? 'log' : 'linear' },
      y: { ...axisTitle(shortName(what.y)), type: what.isLogY ? 'log' : 'linear' }
    },
    JSON.stringify(what)
  );
  return { data: sheet ? [sheet as Data, dots] : [dots], layout };
}

function Contour(props: IChartProps): JSX.Element {
  const { trans } = useView();
  const make = React.useCallback(
    ({ chart: { options } }: IChartProps): IFrameChart => {
      return {
        asked: ['x', 'y', 'z'].map(name => textOption(options, name)),
        needed: 3,
        plot: (frame, drawing) => contourPlot(frame, contourOf(options, frame), drawing),
        summary: frame => {
          const what = contourOf(options, frame);
          const points = contourPoints(frame, what);
          const told = (['x', 'y', 'z'] as const).map(axis =>
            rangeText(
              shortName(what[axis]),
              points.map(point => point[axis]),
              trans
            )
          );
          const count = trans._n(
            '%1 run with all three.',
            '%1 runs with all three.',
            points.length
          );
          return [count, ...told].join(' ');
        }
      };
    },
    [trans]
  );
  return <FrameChart {...props} make={make} />;
}

export const contourKind: IChartKind = {
  kind: 'contour',
  label: trans => trans.__('Contour'),
  title: (options, trans) =>
    options.z
      ? trans.__(
          '%1 over %2 and %3',
          ...['z', 'x', 'y'].map(name => shortName(textOption(options, name)))
        )
      : trans.__('Contour'),
  defaults: columns => {
    const [x, y] = params(columns).filter(isNumberColumn);
    const z = firstMetric(columns);
    return x && y && z ? { x: x.column, y: y.column, z: z.column } : null;
  },
  fields: trans => [
    { name: 'x', label: trans.__('Horizontal'), type: 'column', offers: isNumberColumn },
    { name: 'y', label: trans.__('Vertical'), type: 'column', offers: isNumberColumn },
    { name: 'z', label: trans.__('Height'), type: 'column', offers: isNumberColumn },
    scaleField('log_x', trans.__('Scale, horizontal'), trans),
    scaleField('log_y', trans.__('Scale, vertical'), trans)
  ],
  component: Contour,
  code: options => {
    const { x, y, z } = options;
    const scales = { log_x: scaleOption(options, 'log_x'), log_y: scaleOption(options, 'log_y') };
    return x && y && z ? { x, y, z, ...scales } : null;
  }
};
