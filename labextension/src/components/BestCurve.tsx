import * as React from 'react';

import type { ISweepDetail } from '../client/sweeps';
import { formatNumber } from '../format';
import { bestSoFar, makeAxis } from '../models/trials';
import { objectiveText } from './sweepTexts';
import { useView } from './view';

const WIDTH = 320;
const HEIGHT = 72;

/** How the best value grew over the trials, each of them a dot; drawn without the chart library, since it is always there. */
export function BestCurve(props: { sweep: ISweepDetail; objective: number }): JSX.Element | null {
  const { trans } = useView();
  const { sweep, objective } = props;
  const points = React.useMemo(() => bestSoFar(sweep, objective), [sweep, objective]);
  const name = objectiveText(sweep.objectives[objective]);
  if (!points.length) {
    return null;
  }
  const axis = makeAxis(
    name,
    points.map(({ value }) => value),
    false,
    value => formatNumber(value as number)
  );
  const last = points[points.length - 1];
  const [start, end] = [points[0].trial, Math.max(last.trial, points[0].trial + 1)];
  const x = (trial: number) => 4 + ((trial - start) / (end - start)) * (WIDTH - 8);
  const y = (value: number) => HEIGHT - 4 - (axis.place(value) ?? 0) * (HEIGHT - 8);
  const path = points
    .map(({ trial, best }, place) =>
      place
        ? `H${x(trial).toFixed(1)}V${y(best).toFixed(1)}`
        : `M${x(trial).toFixed(1)} ${y(best).toFixed(1)}`
    )
    .join('');
  return (
    <figure className="trackbook-BestCurve">
      <figcaption>
        {trans.__('Best %1', name)} <strong>{formatNumber(last.best)}</strong>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={trans.__(
          'The best %1 went from %2 to %3 in %4 trials',
          name,
          formatNumber(points[0].best),
          formatNumber(last.best),
          points.length
        )}
      >
        {points.map(({ trial, value }) => (
          <circle key={trial} cx={x(trial)} cy={y(value)} r="2" />
        ))}
        <path d={path} />
      </svg>
      <span className="trackbook-BestCurve-ends" aria-hidden="true">
        <span>{axis.high}</span>
        <span>{axis.low}</span>
      </span>
    </figure>
  );
}
