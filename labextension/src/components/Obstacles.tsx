import * as React from 'react';

import type { Severity } from '../client/lint';
import type { IObstacle } from '../client/reproduction';
import type { IRunDetail } from '../client/types';
import type { RunModel } from '../models/run';
import { useLoaded } from './loaded';
import { ErrorNote, Loading } from './Notes';
import { Prose } from './Prose';
import { SeverityIcon } from './Severity';
import { useView } from './view';

/** What stands in the way of repeating a run, the gravest first, as `trackbook doctor RUN` says it. */
export function Obstacles(props: {
  model: RunModel;
  detail: IRunDetail;
  /** Show an execution among the cells. */
  onCell(order: number): void;
}): JSX.Element {
  const { trans } = useView();
  const { model, detail, onCell } = props;
  const [attempt, setAttempt] = React.useState(0);
  const { status } = detail.run;
  const load = React.useMemo(
    () => () => model.diagnosis(),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- asked for again when the run ends, or on request
    [model, status, attempt]
  );
  const { value, error } = useLoaded(load);
  return (
    <section aria-label={trans.__('What stands in the way')}>
      <h3>{trans.__('What stands in the way')}</h3>
      {error && <ErrorNote error={error} onRetry={() => setAttempt(attempt + 1)} />}
      {!value && !error && <Loading label={trans.__('Looking at data, packages and code…')} />}
      {value && !value.obstacles.length && (
        <p className="trackbook-Quiet">
          {trans.__('Nothing that is known: data, packages and code are there as they were.')}
        </p>
      )}
      {value && value.obstacles.length > 0 && (
        <ul className="trackbook-Obstacles">
          {value.obstacles.map((obstacle, place) => (
            <Obstacle key={place} obstacle={obstacle} onCell={onCell} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Obstacle(props: { obstacle: IObstacle; onCell(order: number): void }): JSX.Element {
  const { trans } = useView();
  const { severity, message, help, order, code } = props.obstacle;
  return (
    <li title={code}>
      <SeverityIcon severity={severityOf(severity)} />
      <span>
        <Prose text={message} />{' '}
        {order !== null && (
          <button className="trackbook-Link" onClick={() => props.onCell(order)}>
            {trans.__('Show the cell')}
          </button>
        )}
        {help && (
          <span className="trackbook-Problem-help">
            <Prose text={help} />
          </span>
        )}
      </span>
    </li>
  );
}

/** What is a note of the doctor's is a hint elsewhere. */
function severityOf(severity: IObstacle['severity']): Severity {
  return severity === 'note' ? 'info' : severity;
}
