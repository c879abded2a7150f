import * as React from 'react';

import { CommandIDs } from '../commandIds';
import type { SweepsModel } from '../models/sweeps';
import { ErrorNote, Loading } from './Notes';
import { SweepRow } from './SweepRow';
import { useModel, useView } from './view';

/** All sweeps of a project. */
export function SweepList({ model }: { model: SweepsModel }): JSX.Element {
  const { trans, execute } = useView();
  useModel(model);
  const { sweeps, error, isReady } = model;
  if (error && !sweeps.length) {
    return <ErrorNote error={error} onRetry={() => void model.refresh()} />;
  }
  if (!sweeps.length) {
    return isReady ? (
      <div className="trackbook-Empty">
        <h3>{trans.__('No sweeps yet')}</h3>
        <p>
          {trans.__(
            'A sweep runs a notebook once for each trial, with other values of its parameters: “these values” or “a range” in the form of a job, or trackbook sweep in a terminal.'
          )}
        </p>
        <button className="trackbook-Button" onClick={() => execute(CommandIDs.runAsJob)}>
          {trans.__('Run the current notebook as a job…')}
        </button>
      </div>
    ) : (
      <Loading label={trans.__('Loading sweeps…')} />
    );
  }
  return (
    <>
      {error && <ErrorNote error={error} onRetry={() => void model.refresh()} />}
      <ul className="trackbook-Jobs trackbook-Sweeps" aria-label={trans.__('Sweeps')}>
        {sweeps.map(sweep => (
          <SweepRow key={sweep.id} sweep={sweep} project={model.project ?? ''} />
        ))}
      </ul>
    </>
  );
}
