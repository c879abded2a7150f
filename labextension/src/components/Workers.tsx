import * as React from 'react';

import { formatMoment } from '../format';
import type { WorkersModel } from '../models/workers';
import { useModel, useView } from './view';

/** Who runs the jobs; where nobody does, a way to change that. */
export function Workers(props: { model: WorkersModel; waiting: number }): JSX.Element | null {
  const { trans } = useView();
  const { model, waiting } = props;
  useModel(model);
  const { workers, error } = model;
  if (workers === null) {
    return error ? (
      <span className="trackbook-Workers trackbook-Quiet" role="status" title={error.message}>
        {trans.__('workers unknown')}
      </span>
    ) : null;
  }
  if (!workers.length) {
    return (
      <span className="trackbook-Workers" role="status">
        {error && <span className="trackbook-FieldError">{error.message}</span>}
        <span className={waiting ? undefined : 'trackbook-Quiet'}>
          {waiting
            ? trans._n('No worker runs: %1 job waits', 'No worker runs: %1 jobs wait', waiting)
            : trans.__('no worker runs')}
        </span>
        {waiting > 0 && (
          <button
            className="trackbook-Button"
            disabled={model.isStarting}
            title={trans.__('Start a process on this machine that runs the jobs')}
            onClick={() => void model.start()}
          >
            {model.isStarting ? trans.__('Starting…') : trans.__('Start a worker')}
          </button>
        )}
      </span>
    );
  }
  const who = workers
    .map(worker =>
      trans.__(
        '%1, process %2: %3 of %4, since %5',
        worker.host,
        worker.pid,
        worker.current.length,
        worker.capacity,
        formatMoment(worker.started)
      )
    )
    .join('\n');
  return (
    <span className="trackbook-Workers" role="status" title={who}>
      {trans._n('%1 worker', '%1 workers', workers.length)}
      <meter
        min={0}
        max={Math.max(1, model.capacity)}
        value={model.busy}
        aria-label={trans.__('Jobs that run at the same time')}
      />
      <span className="trackbook-Quiet">
        {trans.__('%1 of %2 busy', model.busy, model.capacity)}
      </span>
    </span>
  );
}
