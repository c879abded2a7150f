import * as React from 'react';

import type { IObjective } from '../client/sweeps';
import type { Goal } from '../client/types';
import type { IKnownMetric } from '../models/jobForm';
import { goalDirection } from '../models/sweepOptions';
import { useView } from './view';

/** What a sweep looks for: a metric a line, each with where its optimum lies. */
export function Objectives(props: {
  objectives: readonly IObjective[];
  metrics: readonly IKnownMetric[];
  labelledBy: string;
  isWrong: boolean;
  onChange(objectives: readonly IObjective[]): void;
}): JSX.Element {
  const { trans } = useView();
  const { objectives, metrics, onChange } = props;
  const listId = React.useId();
  const change = (place: number, changed: Partial<IObjective>) =>
    onChange(objectives.map((item, at) => (at === place ? { ...item, ...changed } : item)));
  const rename = (place: number, metric: string) => {
    const direction = goalDirection(metrics.find(({ name }) => name === metric)?.goal);
    change(place, { metric, ...(direction && { direction }) });
  };
  return (
    <div className="trackbook-Objectives" role="group" aria-labelledby={props.labelledBy}>
      <datalist id={listId}>
        {metrics.map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {objectives.map(({ metric, direction }, place) => (
        <span key={place} className="trackbook-Objectives-row">
          <select
            className="trackbook-Select"
            aria-label={trans.__('Direction %1', place + 1)}
            value={direction ?? 'max'}
            onChange={event => change(place, { direction: event.target.value as Goal })}
          >
            <option value="max">{trans.__('the greatest')}</option>
            <option value="min">{trans.__('the least')}</option>
          </select>
          <input
            className="trackbook-Input"
            aria-label={trans.__('Metric %1', place + 1)}
            aria-invalid={props.isWrong}
            list={listId}
            spellCheck={false}
            value={metric}
            placeholder={metrics[0]?.name ?? 'accuracy'}
            onChange={event => rename(place, event.target.value)}
          />
          {objectives.length > 1 && (
            <button
              type="button"
              className="trackbook-IconButton"
              title={trans.__('Remove')}
              aria-label={trans.__('Remove the metric %1', place + 1)}
              onClick={() => onChange(objectives.filter((_, at) => at !== place))}
            >
              ✕
            </button>
          )}
        </span>
      ))}
      <button
        type="button"
        className="trackbook-Link"
        onClick={() => onChange([...objectives, { metric: '', direction: 'max' }])}
      >
        {trans.__('Add another metric')}
      </button>
    </div>
  );
}
