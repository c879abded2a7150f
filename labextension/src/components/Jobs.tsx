import * as React from 'react';

import type { IJob } from '../client/types';
import { CommandIDs } from '../commandIds';
import { formatDuration, formatMoment, formatRelative, formatValue } from '../format';
import { isActive, isWaiting, type JobsModel, runOf } from '../models/jobs';
import { ErrorNote } from './Notes';
import { StatusIcon } from './Status';
import { useModel, useNow, useView } from './view';

/** How many ended jobs are listed beside those that wait or run. */
const ENDED = 20;

/** The sidebar's second section: the jobs of the project. */
export function Jobs({ model }: { model: JobsModel }): JSX.Element {
  const { trans } = useView();
  useModel(model);
  const active = model.jobs.filter(isActive);
  const ended = model.jobs.filter(job => !isActive(job)).slice(0, ENDED);
  if (model.error) {
    return <ErrorNote error={model.error} onRetry={() => void model.refresh()} />;
  }
  if (!model.jobs.length) {
    return (
      <div className="trackbook-Empty">
        <p>{trans.__('No jobs yet. “Run as job…” in a notebook’s toolbar starts one.')}</p>
      </div>
    );
  }
  return (
    <ul className="trackbook-Jobs" aria-label={trans.__('Jobs')}>
      {[...active, ...ended].map(job => (
        <JobRow key={job.id} job={job} project={model.project ?? ''} />
      ))}
    </ul>
  );
}

/** A job on one line: state, notebook, what is set, and how far it is. */
export function JobRow({ job, project }: { job: IJob; project: string }): JSX.Element {
  const { trans, execute } = useView();
  const { spec, status } = job;
  const run = runOf(job);
  const name = spec.path.split('/').pop() ?? spec.path;
  const params = Object.entries(spec.params)
    .map(([key, value]) => `${key}=${formatValue(value)}`)
    .join(' ');
  return (
    <li className="trackbook-JobRow">
      <StatusIcon status={status === 'failed' ? (job.cause ?? status) : status} />
      <button
        className="trackbook-Link trackbook-JobRow-name"
        disabled={run === null}
        title={run === null ? spec.path : trans.__('Open the run of %1', spec.path)}
        onClick={() => execute(CommandIDs.openRun, { project, run })}
      >
        {name}
      </button>
      <span className="trackbook-JobRow-params" title={params}>
        {job.error && status !== 'cancelled' ? describeError(job) : params}
      </span>
      {status === 'running' ? (
        <Progress job={job} />
      ) : isWaiting(job) ? (
        <Again job={job} />
      ) : (
        <Moment job={job} />
      )}
      {isActive(job) && (
        <button
          className="trackbook-IconButton"
          title={trans.__('Cancel this job')}
          aria-label={trans.__('Cancel this job')}
          onClick={() => execute(CommandIDs.cancelJob, { project, job: job.id })}
        >
          ✕
        </button>
      )}
    </li>
  );
}

function Progress({ job }: { job: IJob }): JSX.Element {
  const { trans } = useView();
  const label = job.cells
    ? trans.__('Cell %1 of %2', job.cell, job.cells)
    : trans.__('Starting the kernel');
  return (
    <span className="trackbook-JobRow-progress" title={label}>
      <progress aria-label={label} max={job.cells || 1} value={job.cells ? job.cell : undefined} />
      <span>{job.cells ? `${job.cell}/${job.cells}` : ''}</span>
    </span>
  );
}

/** That a job waits to be begun again, and until when. */
function Again({ job }: { job: IJob }): JSX.Element {
  const { trans } = useView();
  const now = useNow(1);
  const seconds = Math.ceil((Date.parse(job.not_before ?? job.submitted) - now) / 1000);
  const last = job.attempts[job.attempts.length - 1];
  const why = last?.error ? `${last.error.ename}: ${last.error.evalue}` : undefined;
  const attempt = trans.__('%1/%2', job.attempt + 1, job.spec.retries + 1);
  return (
    <span className="trackbook-JobRow-time" title={why}>
      {seconds > 0
        ? trans.__('again in %1 (%2)', formatDuration(seconds), attempt)
        : trans.__('again soon (%1)', attempt)}
    </span>
  );
}

function Moment({ job }: { job: IJob }): JSX.Element {
  const now = useNow(20);
  const moment = job.ended ?? job.submitted;
  return (
    <span className="trackbook-JobRow-time" title={formatMoment(moment)}>
      {formatRelative(moment, now)}
    </span>
  );
}

function describeError(job: IJob): string {
  const { error } = job;
  return error ? `${error.ename}: ${error.evalue}` : '';
}
