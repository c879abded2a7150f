import * as React from 'react';

import type { IJob } from '../client/types';
import { CommandIDs } from '../commandIds';
import { formatDuration, formatMoment, formatRelative, formatValue } from '../format';
import { isActive, isWaiting, type JobsModel, runOf } from '../models/jobs';
import { isGoing, type SweepsModel } from '../models/sweeps';
import { ErrorNote } from './Notes';
import { StatusIcon } from './Status';
import { SweepRow } from './SweepRow';
import { useModel, useNow, useView } from './view';

/** How many ended jobs are listed beside those that wait or run. */
const ENDED = 20;

/** How many sweeps that ended are listed beside those that go on. */
const ENDED_SWEEPS = 3;

/** The sidebar's second section: the sweeps and jobs of the project. Trials stand on the page of their sweep. */
export function Jobs(props: { model: JobsModel; sweeps: SweepsModel }): JSX.Element {
  const { trans, execute } = useView();
  const { model } = props;
  useModel(model, props.sweeps);
  const { sweeps } = props.sweeps;
  const known = new Set(sweeps.map(sweep => sweep.id));
  const jobs = model.jobs.filter(({ spec }) => !known.has(spec.trial?.sweep ?? ''));
  const active = jobs.filter(isActive);
  const ended = jobs.filter(job => !isActive(job)).slice(0, ENDED);
  const going = sweeps.filter(isGoing);
  const endedSweeps = sweeps.filter(sweep => !isGoing(sweep)).slice(0, ENDED_SWEEPS);
  if (model.error) {
    return <ErrorNote error={model.error} onRetry={() => void model.refresh()} />;
  }
  if (!jobs.length && !sweeps.length) {
    return (
      <div className="trackbook-Empty">
        <p>{trans.__('No jobs yet. “Run as job…” in a notebook’s toolbar starts one.')}</p>
      </div>
    );
  }
  const project = model.project ?? '';
  const more =
    jobs.length - active.length - ended.length + sweeps.length - going.length - endedSweeps.length;
  return (
    <>
      <ul className="trackbook-Jobs" aria-label={trans.__('Jobs')}>
        {[...going, ...endedSweeps].map(sweep => (
          <SweepRow key={sweep.id} sweep={sweep} project={project} />
        ))}
        {[...active, ...ended].map(job => (
          <JobRow key={job.id} job={job} project={project} />
        ))}
      </ul>
      {more > 0 && (
        <button
          type="button"
          className="trackbook-Link trackbook-Jobs-more"
          onClick={() => execute(CommandIDs.openJobs, { project })}
        >
          {trans._n('%1 more', '%1 more', more)}
        </button>
      )}
    </>
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
    <li className="trackbook-JobRow" data-job={job.id} data-project={project}>
      <StatusIcon status={status === 'failed' ? (job.cause ?? status) : status} />
      <button
        type="button"
        className="trackbook-Link trackbook-JobRow-name"
        title={
          run === null
            ? trans.__('Show the job of %1', spec.path)
            : trans.__('Open the run of %1', spec.path)
        }
        onClick={() =>
          run === null
            ? execute(CommandIDs.openJobs, { project, job: job.id })
            : execute(CommandIDs.openRun, { project, run })
        }
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
      ) : job.position ? (
        <Place job={job} />
      ) : (
        <Moment job={job} />
      )}
      {isActive(job) && (
        <button
          type="button"
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

/** Which cell of how many a job is at. */
export function Progress({ job }: { job: IJob }): JSX.Element {
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
export function Again({ job }: { job: IJob }): JSX.Element {
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

/** Its place among the jobs that wait, and what it waits for. */
function Place({ job }: { job: IJob }): JSX.Element {
  const { trans } = useView();
  const text = job.waiting ?? trans.__('Its place in the queue');
  return (
    <span className="trackbook-JobRow-time" title={text}>
      {trans.__('place %1', job.position)}
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

/** Why a job failed, in a line. */
export function describeError(job: IJob): string {
  const { error } = job;
  return error ? `${error.ename}: ${error.evalue}` : '';
}
