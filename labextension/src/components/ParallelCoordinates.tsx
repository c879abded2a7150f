import * as React from 'react';

import type { ISweepDetail, ISweepTrial } from '../client/sweeps';
import { CommandIDs } from '../commandIds';
import { formatNumber, formatValue } from '../format';
import { type IAxis, makeAxis, sweptNames, valueOf } from '../models/trials';
import { objectiveText } from './sweepTexts';
import { classes, useView } from './view';

const GAP = 140;
const HEIGHT = 190;
const TOP = 22;
const BOTTOM = 18;
const SIDE = 60;
/** Beyond this many the last trials are drawn alone. */
const MOST = 2000;

/** A line for each trial over all swept parameters to the objective; the better, the stronger. */
export function ParallelCoordinates(props: {
  sweep: ISweepDetail;
  project: string;
  objective: number;
}): JSX.Element {
  const { trans, execute } = useView();
  const { sweep, project, objective } = props;
  const [pointed, setPointed] = React.useState<number | null>(null);
  const { axes, trials } = React.useMemo(() => makeAxes(sweep, objective), [sweep, objective]);
  const width = SIDE * 2 + GAP * (axes.length - 1);
  const goal = axes[axes.length - 1];
  const { direction } = sweep.objectives[objective];
  const shown = trials.find(({ trial }) => trial === pointed);
  return (
    <figure className="trackbook-Parallel">
      <figcaption>
        {trans.__('All trials')}{' '}
        <span className="trackbook-Quiet" role="status">
          {shown ? describe(shown, objective) : ''}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${width} ${HEIGHT}`}
        style={{ minWidth: Math.min(width, 420) }}
        role="img"
        aria-label={trans._n(
          '%1 trial over %2',
          '%1 trials over %2',
          trials.length,
          axes.map(({ name }) => name).join(', ')
        )}
      >
        {trials.map(trial => {
          const place = goal.place(trial.values[objective] ?? undefined) ?? 0;
          const quality = direction === 'min' ? 1 - place : place;
          return (
            <path
              key={trial.trial}
              className={classes(
                'trackbook-Parallel-line',
                trial.best && 'trackbook-mod-best',
                trial.trial === pointed && 'trackbook-mod-pointed'
              )}
              d={linePath(axes, trial, objective)}
              style={{ opacity: 0.15 + 0.7 * quality }}
              onMouseEnter={() => setPointed(trial.trial)}
              onMouseLeave={() => setPointed(null)}
              onClick={() => execute(CommandIDs.openRun, { project, run: trial.run })}
            />
          );
        })}
        {axes.map((axis, place) => (
          <g key={`${place} ${axis.name}`} transform={`translate(${SIDE + place * GAP} 0)`}>
            <line y1={TOP} y2={HEIGHT - BOTTOM} className="trackbook-Parallel-axis" />
            <text y={9} className="trackbook-Parallel-name">
              {axis.name}
            </text>
            <text x={4} y={TOP + 4}>
              {axis.high}
            </text>
            <text x={4} y={HEIGHT - BOTTOM + 12}>
              {axis.low}
            </text>
          </g>
        ))}
      </svg>
    </figure>
  );
}

function makeAxes(
  sweep: ISweepDetail,
  objective: number
): { axes: IAxis[]; trials: readonly ISweepTrial[] } {
  const trials = sweep.runs
    .filter(trial => trial.status === 'finished' && valueOf(trial, objective) !== null)
    .slice(-MOST)
    .sort((a, b) => Number(a.best) - Number(b.best)); // the best ones lie on top
  const axes = sweptNames(sweep).map(name => {
    const values = trials.map(({ params }) => params[name]);
    return makeAxis(name, values, sweep.space[name].log === true, formatValue);
  });
  const goal = makeAxis(
    objectiveText(sweep.objectives[objective]),
    trials.map(trial => valueOf(trial, objective)!),
    false,
    value => (typeof value === 'number' ? formatNumber(value) : '')
  );
  return { axes: [...axes, goal], trials };
}

function linePath(axes: readonly IAxis[], trial: ISweepTrial, objective: number): string {
  let path = '';
  let pen = 'M';
  axes.forEach((axis, place) => {
    const isGoal = place === axes.length - 1;
    const value = isGoal ? (valueOf(trial, objective) ?? undefined) : trial.params[axis.name];
    const at = axis.place(value);
    if (at === null) {
      pen = 'M';
      return;
    }
    const y = HEIGHT - BOTTOM - at * (HEIGHT - TOP - BOTTOM);
    path += `${pen}${SIDE + place * GAP} ${y.toFixed(1)}`;
    pen = 'L';
  });
  return path;
}

function describe(trial: ISweepTrial, objective: number): string {
  const params = Object.entries(trial.params).map(
    ([name, value]) => `${name}=${formatValue(value)}`
  );
  const value = valueOf(trial, objective);
  return [`#${trial.trial}`, value === null ? '' : formatNumber(value), ...params]
    .filter(Boolean)
    .join(' ');
}
