import * as React from 'react';

import type { IJob } from '../client/types';
import { CommandIDs } from '../commandIds';
import { formatMoment, formatRelative, formatValue } from '../format';
import { isActive, type JobsModel } from '../models/jobs';
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
  const hasRun = job.started !== null;
  const name = spec.path.split('/').pop() ?? spec.path;
  const params = Object.entries(spec.params)
    .map(([key, value]) => `${key}=${formatValue(value)}`)
    .join(' ');
  return (
    <li className="trackbook-JobRow">
      <StatusIcon status={status} />
      <button
        className="trackbook-Link trackbook-JobRow-name"
        disabled={!hasRun}
        title={hasRun ? trans.__('Open the run of %1', spec.path) : spec.path}
        onClick={() => execute(CommandIDs.openRun, { project, run: spec.run_id })}
      >
        {name}
      </button>
      <span className="trackbook-JobRow-params" title={params}>
        {job.error && status !== 'cancelled' ? describeError(job) : params}
      </span>
      {status === 'running' ? <Progress job={job} /> : <Moment job={job} />}
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
