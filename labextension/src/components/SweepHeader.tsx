import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IDimension, ISweepDetail } from '../client/sweeps';
import { CommandIDs } from '../commandIds';
import { formatDuration, formatMoment, formatRelative, formatValue } from '../format';
import { isGoing } from '../models/sweeps';
import { RunningDuration } from './RunRow';
import { StatusIcon, statusWord } from './Status';
import { SweepProgress } from './SweepProgress';
import { bestText, objectiveText, samplerName } from './sweepTexts';
import { useNow, useView } from './view';

/** The head of a sweep's page: what it looks for and where, how far it is, and what can be done with it. */
export function SweepHeader(props: { sweep: ISweepDetail; project: string }): JSX.Element {
  const { trans, execute } = useView();
  const { sweep, project } = props;
  const now = useNow(20);
  const { best } = sweep;
  const { started, ended } = sweep;
  return (
    <header className="trackbook-RunHeader">
      <div className="trackbook-RunHeader-title">
        <StatusIcon status={sweep.status} />
        <h2>{trans.__('Sweep of %1', sweep.notebook.split('/').pop())}</h2>
        <SweepProgress sweep={sweep} />
        <span className="trackbook-Spacer" />
        <Actions {...props} />
      </div>
      <p className="trackbook-RunHeader-facts">
        <span>{statusWord(sweep.status, trans)}</span>
        {started !== null && (
          <>
            <span title={formatMoment(started)}>{formatRelative(started, now)}</span>
            {ended === null ? (
              <RunningDuration started={started} />
            ) : (
              <span>{formatDuration((Date.parse(ended) - Date.parse(started)) / 1000)}</span>
            )}
          </>
        )}
        <span title={trans.__('How values are chosen')}>{samplerName(sweep.sampler)}</span>
        {sweep.objectives.map(objective => (
          <span key={objective.metric}>{objectiveText(objective)}</span>
        ))}
        <span title={sweep.notebook}>{sweep.notebook}</span>
      </p>
      <p className="trackbook-SweepHeader-space">
        {Object.entries(sweep.space).map(([name, space]) => (
          <span key={name}>
            <code>{name}</code> {spaceText(space, trans)}
          </span>
        ))}
      </p>
      {sweep.reason !== null && <p className="trackbook-Failure-message">{sweep.reason}</p>}
      {best && (
        <p className="trackbook-SweepHeader-best">
          <span className="trackbook-Best" aria-hidden="true">
            ★
          </span>{' '}
          {trans.__('Best')}: <strong>{bestText(sweep) || trans.__('no value yet')}</strong>{' '}
          <span className="trackbook-Quiet">
            {Object.entries(best.params)
              .map(([name, value]) => `${name}=${formatValue(value)}`)
              .join(' ')}
          </span>{' '}
          <button
            className="trackbook-Link"
            onClick={() => execute(CommandIDs.openRun, { project, run: best.run })}
          >
            #{best.number}
          </button>
        </p>
      )}
    </header>
  );
}

function Actions({ sweep, project }: { sweep: ISweepDetail; project: string }): JSX.Element {
  const { trans, execute } = useView();
  const args = { project, sweep: sweep.id };
  const isDone = sweep.status === 'finished';
  return (
    <>
      {isGoing(sweep) ? (
        <button className="trackbook-Button" onClick={() => execute(CommandIDs.cancelSweep, args)}>
          {trans.__('Cancel')}
        </button>
      ) : (
        !isDone && (
          <button
            className="trackbook-Button trackbook-mod-primary"
            title={trans.__('Go on: trials that finished count, the others are tried again')}
            onClick={() => execute(CommandIDs.resumeSweep, args)}
          >
            {trans.__('Resume')}
          </button>
        )
      )}
      <button
        className="trackbook-Button"
        onClick={() => execute(CommandIDs.openRun, { project, run: sweep.run })}
      >
        {trans.__('Open run')}
      </button>
    </>
  );
}

/** What a parameter may be, in few letters. */
function spaceText({ values, low, high, log, step }: IDimension, trans: TranslationBundle): string {
  if (values) {
    return values.map(formatValue).join(', ');
  }
  const range = `${formatValue(low ?? null)} – ${formatValue(high ?? null)}`;
  const by = step === undefined ? '' : trans.__('by %1', formatValue(step));
  return [range, log ? trans.__('by order of size') : by].filter(Boolean).join(' ');
}
