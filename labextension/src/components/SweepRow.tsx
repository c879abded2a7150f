import * as React from 'react';

import type { ISweep } from '../client/sweeps';
import { CommandIDs } from '../commandIds';
import { formatMoment, formatRelative, formatValue } from '../format';
import { isGoing } from '../models/sweeps';
import { bestText, samplerName } from './sweepTexts';
import { StatusIcon } from './Status';
import { SweepProgress } from './SweepProgress';
import { useNow, useView } from './view';

/** A sweep on one line: state, notebook, how many of its trials have ended, and the best so far. */
export function SweepRow({ sweep, project }: { sweep: ISweep; project: string }): JSX.Element {
  const { trans, execute } = useView();
  const now = useNow(20);
  const name = sweep.notebook.split('/').pop() ?? sweep.notebook;
  const best = bestText(sweep);
  const params = Object.entries(sweep.best?.params ?? {})
    .map(([key, value]) => `${key}=${formatValue(value)}`)
    .join(' ');
  const isRunning = isGoing(sweep);
  const moment = sweep.ended ?? sweep.started;
  return (
    <li
      className="trackbook-JobRow trackbook-SweepRow"
      data-sweep={sweep.id}
      data-project={project}
    >
      <StatusIcon status={sweep.status} />
      <button
        type="button"
        className="trackbook-Link trackbook-JobRow-name"
        title={trans.__('Open the sweep of %1', sweep.notebook)}
        onClick={() => execute(CommandIDs.openSweep, { project, sweep: sweep.id })}
      >
        {name}
      </button>
      <span className="trackbook-JobRow-params" title={`${samplerName(sweep.sampler)}  ${params}`}>
        {best ? (
          <>
            <span className="trackbook-Best" role="img" aria-label={trans.__('best')}>
              ★
            </span>{' '}
            {best} <span className="trackbook-SweepRow-params">{params}</span>
          </>
        ) : (
          samplerName(sweep.sampler)
        )}
      </span>
      <SweepProgress sweep={sweep} />
      {!isRunning && moment !== null && (
        <span className="trackbook-JobRow-time" title={formatMoment(moment)}>
          {formatRelative(moment, now)}
        </span>
      )}
      {isRunning && (
        <button
          type="button"
          className="trackbook-IconButton"
          title={trans.__('Cancel this sweep')}
          aria-label={trans.__('Cancel this sweep')}
          onClick={() => execute(CommandIDs.cancelSweep, { project, sweep: sweep.id })}
        >
          ✕
        </button>
      )}
    </li>
  );
}
