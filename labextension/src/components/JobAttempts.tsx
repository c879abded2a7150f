import * as React from 'react';

import type { IJob, IJobAttempt } from '../client/types';
import { CommandIDs } from '../commandIds';
import { formatBytes, formatDuration, formatMoment } from '../format';
import { StatusIcon, statusWord } from './Status';
import { useNow, useView } from './view';

/** How the attempts at a job went, and when the next one begins; nothing for a job that had one go and gets no other. */
export function JobAttempts(props: {
  job: IJob;
  project: string;
  run: string;
}): JSX.Element | null {
  const { trans } = useView();
  const { job, project, run } = props;
  if (job.attempts.length < 2 && !job.spec.retries) {
    return null;
  }
  return (
    <section>
      <h3>{trans.__('Attempts')}</h3>
      <table className="trackbook-Table">
        <thead>
          <tr>
            <th scope="col">#</th>
            <th scope="col">{trans.__('Outcome')}</th>
            <th scope="col">{trans.__('Began')}</th>
            <th scope="col" className="trackbook-mod-number">
              {trans.__('Duration')}
            </th>
            <th scope="col" className="trackbook-mod-number">
              {trans.__('Memory')}
            </th>
            <th aria-hidden="true" />
          </tr>
        </thead>
        <tbody>
          {job.attempts.map(attempt => (
            <Row key={attempt.number} attempt={attempt} project={project} run={run} />
          ))}
        </tbody>
      </table>
      <Next job={job} />
    </section>
  );
}

function Row(props: { attempt: IJobAttempt; project: string; run: string }): JSX.Element {
  const { trans, execute } = useView();
  const { attempt, project, run } = props;
  const { error, outcome } = attempt;
  const seconds = (Date.parse(attempt.ended) - Date.parse(attempt.started)) / 1000;
  return (
    <tr>
      <th scope="row">{attempt.number}</th>
      <td title={error ? `${error.ename}: ${error.evalue}` : undefined}>
        <StatusIcon status={outcome} /> {statusWord(outcome, trans)}
        {error?.cell !== null && error?.cell !== undefined && (
          <span className="trackbook-Quiet"> {trans.__('in cell %1', error.cell)}</span>
        )}
      </td>
      <td>{formatMoment(attempt.started)}</td>
      <td className="trackbook-mod-number">{formatDuration(seconds)}</td>
      <td className="trackbook-mod-number">
        {attempt.memory === null ? '–' : formatBytes(attempt.memory)}
      </td>
      <td>
        {attempt.run_id === run ? (
          <span className="trackbook-Quiet">{trans.__('this run')}</span>
        ) : (
          <button
            className="trackbook-Link"
            onClick={() => execute(CommandIDs.openRun, { project, run: attempt.run_id })}
          >
            {trans.__('Open its run')}
          </button>
        )}
      </td>
    </tr>
  );
}

/** What comes after the last attempt. */
function Next({ job }: { job: IJob }): JSX.Element | null {
  const { trans } = useView();
  const now = useNow(1);
  const { spec } = job;
  const total = spec.retries + 1;
  if (job.status === 'queued' && job.not_before !== null) {
    const seconds = Math.ceil((Date.parse(job.not_before) - now) / 1000);
    return (
      <p>
        {seconds > 0
          ? trans.__(
              'Attempt %1 of %2 begins in %3.',
              job.attempt + 1,
              total,
              formatDuration(seconds)
            )
          : trans.__('Attempt %1 of %2 begins when a worker is free.', job.attempt + 1, total)}
      </p>
    );
  }
  if (job.status === 'running') {
    return <p>{trans.__('Attempt %1 of %2 is running.', job.attempt, total)}</p>;
  }
  if (job.status === 'failed' && job.attempt < total && job.cause !== null) {
    return (
      <p className="trackbook-Quiet">
        {trans.__(
          'It was not begun again: that is done after “%1”.',
          spec.retry_on.map(cause => statusWord(cause, trans)).join('”, “')
        )}
      </p>
    );
  }
  return null;
}
