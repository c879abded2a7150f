import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ISeriesSummary } from '../client/types';
import { formatExact, formatQuantity, seriesName } from '../format';
import type { ColoursModel } from '../models/colours';
import type { CurveBoard } from '../models/curves';
import {
  type ISystemChart,
  systemCharts,
  type SystemGroup,
  systemName
} from '../models/systemMetrics';
import { PlotBox } from './PlotBox';
import { systemPlot } from './systemTraces';
import { dashSign, type ReadVariable } from './traces';
import { useModel, useView } from './view';

/** What the machine did while the run went on: a chart for each group and unit. */
export function System(props: {
  board: CurveBoard;
  series: readonly ISeriesSummary[];
  colours: ColoursModel;
}): JSX.Element {
  const { trans } = useView();
  const { board, series, colours } = props;
  const charts = systemCharts(series);
  if (!charts.length) {
    return (
      <p className="trackbook-Quiet">
        {trans.__(
          'No system metrics were recorded. A run that goes on for a while has the load of CPU, memory, disk, network and GPU here.'
        )}
      </p>
    );
  }
  return (
    <div className="trackbook-Charts-grid">
      {charts.map(chart => {
        // Another set of series is another chart: a component subscribes to the same models all of its life.
        const key = chart.series.map(item => seriesName(item.key, item.context)).join();
        return <SystemChart key={key} board={board} chart={chart} colours={colours} />;
      })}
    </div>
  );
}

function SystemChart(props: {
  board: CurveBoard;
  chart: ISystemChart;
  colours: ColoursModel;
}): JSX.Element {
  const { trans } = useView();
  const { board, chart, colours } = props;
  const { group, unit, series } = chart;
  const keys = [...new Set(series.map(item => item.key))];
  const models = keys.map(key => board.get(key));
  const version = useModel(colours, ...models);
  const names = series.map(item => seriesName(item.key, item.context)).join('\n');
  const draw = React.useCallback(
    (width: number, read: ReadVariable) => {
      const points = keys.flatMap(key => board.get(key).series ?? []);
      const order = names.split('\n');
      const title = trans.__('seconds since the start');
      return points.length
        ? systemPlot(points, { order, unit, title, width, read, colours })
        : null;
    },
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the names say the keys, the version tells of changes
    [board, names, unit, colours, version, trans]
  );
  const onWidth = React.useCallback(
    (width: number) => keys.forEach(key => board.get(key).setWidth(width)),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the names say the keys
    [board, names]
  );
  const error = models.find(model => model.error)?.error;
  const title = groupWord(group, trans);
  return (
    <figure className="trackbook-Chart" aria-label={unit ? `${title}, ${unit}` : title}>
      <figcaption title={trans.__('Drag to zoom, double-click to see all')}>
        {title}
        {unit && <span className="trackbook-Quiet"> {unit}</span>}
      </figcaption>
      <PlotBox draw={draw} onWidth={onWidth} />
      {error && (
        <p className="trackbook-FieldError" role="alert">
          {error.message}
        </p>
      )}
      <ul className="trackbook-System-legend" aria-label={trans.__('Last values')}>
        {series.map((item, place) => (
          <li key={seriesName(item.key, item.context)} title={formatExact(item.last)}>
            <span aria-hidden="true">{dashSign(place)}</span>{' '}
            {seriesName(systemName(item.key), item.context)}{' '}
            <span className="trackbook-mod-number">{formatQuantity(item.last, item.unit)}</span>
            {item.max !== null && (
              <span className="trackbook-Quiet">
                {' '}
                {trans.__('highest %1', formatQuantity(item.max, item.unit))}
              </span>
            )}
          </li>
        ))}
      </ul>
    </figure>
  );
}

function groupWord(group: SystemGroup, trans: TranslationBundle): string {
  const words: Readonly<Record<SystemGroup, string>> = {
    cpu: trans.__('CPU'),
    memory: trans.__('Memory'),
    disk: trans.__('Disk'),
    network: trans.__('Network'),
    gpu: trans.__('GPU'),
    other: trans.__('Other')
  };
  return words[group];
}
