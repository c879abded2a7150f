import * as React from 'react';

import type { ISweepDetail } from '../client/sweeps';
import { bestSoFar, sweptNames } from '../models/trials';
import { ParallelCoordinates } from './ParallelCoordinates';
import { PlotBox } from './PlotBox';
import { curveOfBest, parameterScatter } from './sweepTraces';
import type { ReadVariable } from './traces';
import { useView } from './view';

/** The charts of a sweep: how the best value grew, all trials over all parameters, and each parameter for itself. */
export function SweepCharts(props: { sweep: ISweepDetail; project: string }): JSX.Element {
  const { trans } = useView();
  const { sweep } = props;
  const [chosen, choose] = React.useState(0);
  const objective = Math.min(chosen, Math.max(0, sweep.objectives.length - 1));
  const names = sweptNames(sweep);
  if (!sweep.objectives.length || !bestSoFar(sweep, objective).length) {
    return (
      <p className="trackbook-Quiet">
        {sweep.objectives.length
          ? trans.__('No trial has finished with a value yet.')
          : trans.__('The sweep looks for no metric, so that there is nothing to draw.')}
      </p>
    );
  }
  return (
    <div className="trackbook-Charts">
      {sweep.objectives.length > 1 && (
        <div className="trackbook-Charts-bar">
          <label>
            {trans.__('Metric')}{' '}
            <select
              className="trackbook-Select"
              value={objective}
              onChange={event => choose(Number(event.target.value))}
            >
              {sweep.objectives.map(({ metric }, place) => (
                <option key={metric} value={place}>
                  {metric}
                </option>
              ))}
            </select>
          </label>
        </div>
      )}
      <ParallelCoordinates {...props} objective={objective} />
      <div className="trackbook-Charts-grid">
        <Plot
          title={trans.__('Best %1 by trial', sweep.objectives[objective].metric)}
          draw={(width, read) => curveOfBest(sweep, objective, width, trans.__('trial'), read)}
          version={sweep}
        />
        {names.map(name => (
          <Plot
            key={name}
            title={trans.__('%1 by %2', sweep.objectives[objective].metric, name)}
            draw={(width, read) => parameterScatter(sweep, objective, name, width, read)}
            version={sweep}
          />
        ))}
      </div>
    </div>
  );
}

function Plot(props: {
  title: string;
  draw: React.ComponentProps<typeof PlotBox>['draw'];
  /** What the drawing is made of: it is made anew with another. */
  version: unknown;
}): JSX.Element {
  const { title, draw, version } = props;
  const kept = React.useCallback(
    (width: number, read: ReadVariable) => draw(width, read),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- what it draws is told by title and version
    [title, version]
  );
  return (
    <figure className="trackbook-Chart" aria-label={title}>
      <figcaption>{title}</figcaption>
      <PlotBox draw={kept} />
    </figure>
  );
}
