import * as React from 'react';

import type { ICellExecution, IJob } from '../client/types';
import { CommandIDs } from '../commandIds';
import { formatValue } from '../format';
import { failedCell } from '../models/failure';
import { isActive, isWaiting } from '../models/jobs';
import type { QueueModel } from '../models/queue';
import type { RunModel } from '../models/run';
import { CellContent } from './CellContent';
import { JobAttempts } from './JobAttempts';
import { JobLog } from './JobLog';
import { describeError } from './Jobs';
import { Resumption } from './Resumption';
import { RunningDuration } from './RunRow';
import { StatusIcon, statusWord } from './Status';
import { Traceback } from './Traceback';
import { useModel, useView } from './view';

export interface IJobDetailProps {
  model: QueueModel;
  job: IJob;
}

/** One job closely: how far it is and what its cell says, why it failed, and what can be done. */
export function JobDetail(props: IJobDetailProps): JSX.Element {
  const { trans } = useView();
  const { model, job } = props;
  useModel(model);
  const status = job.status === 'failed' ? (job.cause ?? job.status) : job.status;
  const params = Object.entries(job.spec.params);
  return (
    <section className="trackbook-JobDetail" aria-label={trans.__('The job %1', job.spec.path)}>
      <header className="trackbook-JobDetail-head">
        <StatusIcon status={status} />
        <h2 title={job.spec.path}>{job.spec.path.split('/').pop()}</h2>
        <span className="trackbook-Quiet">{statusWord(status, trans)}</span>
        <span className="trackbook-Spacer" />
        <button
          className="trackbook-IconButton"
          title={trans.__('Close')}
          aria-label={trans.__('Close the job')}
          onClick={() => void model.show(null)}
        >
          ✕
        </button>
      </header>
      {params.length > 0 && (
        <p className="trackbook-JobDetail-params">
          {params.map(([key, value]) => (
            <code key={key} className="trackbook-Code">
              {key}={formatValue(value)}
            </code>
          ))}
        </p>
      )}
      <Actions {...props} />
      <State {...props} />
      <JobAttempts job={job} project={model.project} run={job.spec.run_id} />
      <JobLog model={model} />
    </section>
  );
}

function Actions({ model, job }: IJobDetailProps): JSX.Element {
  const { trans, execute } = useView();
  const { project, run } = model;
  const args = { project, job: job.id };
  return (
    <div className="trackbook-Details-actions">
      {run && (
        <button
          className="trackbook-Button trackbook-mod-primary"
          onClick={() => execute(CommandIDs.openRun, { project, run: run.id })}
        >
          {trans.__('Open run')}
        </button>
      )}
      {isActive(job) ? (
        <button className="trackbook-Button" onClick={() => execute(CommandIDs.cancelJob, args)}>
          {trans.__('Cancel')}
        </button>
      ) : (
        <button
          className="trackbook-Button"
          title={trans.__('Run the same frozen notebook with the same parameters once more')}
          onClick={() => execute(CommandIDs.retryJob, args)}
        >
          {trans.__('Retry')}
        </button>
      )}
      <button
        className="trackbook-Button"
        onClick={() =>
          execute(CommandIDs.goToCell, {
            project,
            source: job.spec.path,
            id: job.error?.cell_id ?? null,
            cell: job.error?.cell ?? null
          })
        }
      >
        {trans.__('Open notebook')}
      </button>
      {job.spec.trial && (
        <button
          className="trackbook-Button"
          onClick={() => execute(CommandIDs.openSweep, { project, sweep: job.spec.trial!.sweep })}
        >
          {trans.__('Open sweep')}
        </button>
      )}
    </div>
  );
}

function State({ model, job }: IJobDetailProps): JSX.Element | null {
  const { trans } = useView();
  const { run } = model;
  if (job.status === 'running') {
    return (
      <>
        <Progress job={job} />
        {run ? (
          <LiveCell model={run} />
        ) : (
          <p className="trackbook-Quiet">{trans.__('The kernel is being started.')}</p>
        )}
      </>
    );
  }
  if (job.status === 'queued' && !isWaiting(job)) {
    return (
      <p>
        {job.position
          ? trans.__('It is number %1 in the queue.', job.position)
          : trans.__('It waits for a worker.')}
        {job.waiting && ` ${job.waiting}`}
      </p>
    );
  }
  if (job.status === 'failed' && run) {
    return <Failure job={job} model={run} />;
  }
  return job.error && job.status !== 'cancelled' ? (
    <p className="trackbook-Failure-message">{describeError(job)}</p>
  ) : null;
}

function Progress({ job }: { job: IJob }): JSX.Element {
  const { trans } = useView();
  const label = job.cells
    ? trans.__('Cell %1 of %2', job.cell, job.cells)
    : trans.__('Starting the kernel');
  return (
    <p className="trackbook-JobDetail-progress">
      <progress aria-label={label} max={job.cells || 1} value={job.cells ? job.cell : undefined} />
      <span>{label}</span>
      {job.started !== null && (
        <span className="trackbook-Quiet">
          <RunningDuration started={job.started} />
        </span>
      )}
    </p>
  );
}

/** The cell that runs now, with what it has shown so far; between two of them the last one. */
function LiveCell({ model }: { model: RunModel }): JSX.Element | null {
  const { trans } = useView();
  useModel(model);
  const cells = model.detail?.cells ?? [];
  const cell = cells.filter(item => item.status === 'running').pop() ?? cells[cells.length - 1];
  if (!cell) {
    return null;
  }
  return (
    <section aria-label={trans.__('The cell that runs now')}>
      <CellHead cell={cell} />
      <CellContent key={cell.order} model={model} cell={cell} />
    </section>
  );
}

function CellHead({ cell }: { cell: ICellExecution }): JSX.Element {
  return (
    <div className="trackbook-Cell-head">
      <StatusIcon status={cell.status} />
      <code>{`In [${cell.count ?? ' '}]`}</code>
      {cell.status === 'running' && (
        <span className="trackbook-Cell-duration">
          <RunningDuration started={cell.started} />
        </span>
      )}
    </div>
  );
}

/** Where a job failed, and how to go on from there. */
function Failure({ job, model }: { job: IJob; model: RunModel }): JSX.Element {
  const { trans } = useView();
  useModel(model);
  const cell = model.detail && failedCell(model.detail);
  const at = job.error?.cell ?? null;
  return (
    <>
      <p className="trackbook-Failure-message">
        {at !== null && <strong>{trans.__('Cell %1 failed', at)} </strong>}
        {describeError(job)}
      </p>
      <Resumption model={model} />
      {cell && (
        <section aria-label={trans.__('The cell that failed')}>
          <CellContent model={model} cell={cell} isWithoutError />
        </section>
      )}
      {!!job.error?.traceback.length && (
        <details className="trackbook-Fold">
          <summary>{trans.__('Traceback')}</summary>
          <Traceback lines={job.error.traceback} />
        </details>
      )}
    </>
  );
}
