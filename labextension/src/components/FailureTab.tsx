import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ICellExecution, IJob, IJobAttempt, IRunDetail, IRunError } from '../client/types';
import { CommandIDs } from '../commandIds';
import { formatBytes, formatDuration } from '../format';
import { attemptOf, causeOf, type EndCause, errorOf, failedCell, lineOf } from '../models/failure';
import { isActive } from '../models/jobs';
import type { RunModel } from '../models/run';
import { CellContent } from './CellContent';
import { JobAttempts } from './JobAttempts';
import { JobLimits } from './JobLimits';
import { LogTail } from './LogTail';
import { Prose } from './Prose';
import { Resumption } from './Resumption';
import { StatusIcon } from './Status';
import { Traceback } from './Traceback';
import { useView } from './view';

/** How often a job that goes on is asked for, in ms. */
const LIVE = 2000;

export interface IFailureTabProps {
  model: RunModel;
  detail: IRunDetail;
  /** Show an execution among the cells. */
  onCell(order: number): void;
}

/** The first tab of a run that failed: what happened, where, and what can be done about it. */
export function FailureTab(props: IFailureTabProps): JSX.Element {
  const { trans } = useView();
  const { model, detail, onCell } = props;
  const job = useJob(model, detail);
  const { run } = detail;
  const attempt = attemptOf(job, run.id);
  const cause = causeOf(detail, attempt);
  const cell = failedCell(detail);
  const error = errorOf(detail, attempt);
  return (
    <div className="trackbook-FailureTab">
      <section className="trackbook-Failure" role="group" aria-label={trans.__('Error')}>
        <p className="trackbook-Failure-title">
          {cause && <StatusIcon status={cause} />}
          <strong>{titleOf(cause, error?.cell ?? null, trans)}</strong>
        </p>
        {error && (
          <p className="trackbook-Failure-message">
            <strong>{error.ename}</strong>
            {error.evalue && `: ${error.evalue}`}
          </p>
        )}
        {run.reason && <p>{run.reason}</p>}
        <Advice
          cause={cause}
          job={job}
          hasLog={detail.artifacts.some(item => item.kind === 'log')}
        />
        <Actions {...props} job={job} cell={cell} error={error} />
      </section>
      {job && !isActive(job) && <Resumption model={model} />}
      {cell && (
        <section aria-label={trans.__('The cell that failed')}>
          <h3>
            <CellTitle cell={cell} position={error?.cell ?? null} />
          </h3>
          <CellContent model={model} cell={cell} isWithoutError />
          <button className="trackbook-Link" onClick={() => onCell(cell.order)}>
            {trans.__('Show it among the cells')}
          </button>
        </section>
      )}
      {!!error?.traceback.length && (
        <details className="trackbook-Fold">
          <summary>{trans.__('Traceback')}</summary>
          <Traceback lines={error.traceback} />
        </details>
      )}
      <NotRun attempt={attempt} />
      {job && <JobAttempts job={job} project={model.project} run={run.id} />}
      {job && <JobLimits spec={job.spec} />}
      <LogTail model={model} detail={detail} isOpen={cell === null || cause === 'died'} />
    </div>
  );
}

/** The job of a run; asked for again while it goes on. */
function useJob(model: RunModel, detail: IRunDetail): IJob | null {
  const [job, setJob] = React.useState<IJob | null>(null);
  React.useEffect(() => {
    let isGone = false;
    let timer = 0;
    const ask = async () => {
      // Without its job a run still says what happened.
      const answer = await model.job().catch(() => null);
      if (!isGone) {
        setJob(answer);
        if (answer && isActive(answer)) {
          timer = window.setTimeout(() => void ask(), LIVE);
        }
      }
    };
    void ask();
    return () => {
      isGone = true;
      window.clearTimeout(timer);
    };
  }, [model, detail]);
  return job;
}

function Actions(
  props: IFailureTabProps & {
    job: IJob | null;
    cell: ICellExecution | null;
    error: IRunError | null;
  }
): JSX.Element {
  const { trans, execute } = useView();
  const { model, detail, job, cell, error } = props;
  const { source } = detail.run;
  const { project } = model;
  const output = detail.artifacts.find(item => item.path === 'output.ipynb');
  const id = error?.cell_id ?? cell?.cell_id ?? null;
  const line = error && lineOf(error, cell?.count ?? null);
  const place = { project, source: source.path, id, cell: error?.cell ?? null, line };
  return (
    <div className="trackbook-Failure-actions">
      {source.path !== null && (
        <button
          className="trackbook-Button trackbook-mod-primary"
          onClick={() => execute(CommandIDs.goToCell, place)}
        >
          {id === null && place.cell === null
            ? trans.__('Open the notebook')
            : trans.__('Open the notebook at this cell')}
        </button>
      )}
      {job && !isActive(job) && (
        <button
          className="trackbook-Button"
          title={trans.__('Run the notebook as it is now, with the same parameters and limits')}
          onClick={() => execute(CommandIDs.runAgain, { project, job: job.id })}
        >
          {trans.__('Run again')}
        </button>
      )}
      {job && (
        <button
          className="trackbook-Button"
          title={trans.__('Copy the command that does the same in a terminal')}
          onClick={() => execute(CommandIDs.copyJobCommand, { project, job: job.id })}
        >
          {trans.__('Copy command')}
        </button>
      )}
      {output && (
        <a
          className="trackbook-Link"
          href={model.artifactUrl(output.path)}
          download
          title={trans.__('The notebook with the outputs up to the failure')}
        >
          {trans.__('Download %1 (%2)', output.path, formatBytes(output.size))}
        </a>
      )}
    </div>
  );
}

function CellTitle(props: { cell: ICellExecution; position: number | null }): JSX.Element {
  const { trans } = useView();
  const { cell, position } = props;
  const facts = [
    cell.count === null ? '' : `In [${cell.count}]`,
    formatDuration(cell.duration),
    cell.memory === null ? '' : trans.__('%1 of memory at most', formatBytes(cell.memory))
  ].filter(Boolean);
  return (
    <>
      {position === null ? trans.__('The cell') : trans.__('Cell %1', position)}{' '}
      <span className="trackbook-Quiet">{facts.join(' · ')}</span>
    </>
  );
}

/** How many cells behind the failure never ran: nothing of them is in the results. */
function NotRun({ attempt }: { attempt: IJobAttempt | null }): JSX.Element | null {
  const { trans } = useView();
  const count = attempt?.not_run.length ?? 0;
  if (!count) {
    return null;
  }
  return (
    <p className="trackbook-Failure-rest">
      {trans._n(
        '%1 code cell behind it was not run.',
        '%1 code cells behind it were not run.',
        count
      )}
    </p>
  );
}

/** What can be done, where that is known. */
function Advice(props: {
  cause: EndCause | null;
  job: IJob | null;
  hasLog: boolean;
}): JSX.Element | null {
  const { trans } = useView();
  const advice = adviceOf(props.cause, props.job, trans);
  const text =
    advice && props.hasLog && (props.cause === 'died' || props.cause === 'not_started')
      ? `${advice} ${trans.__('The log below may say more.')}`
      : advice;
  return text ? (
    <p className="trackbook-Quiet">
      <Prose text={text} />
    </p>
  ) : null;
}

function adviceOf(cause: EndCause | null, job: IJob | null, trans: TranslationBundle): string {
  switch (cause) {
    case 'timed_out':
      return trans.__(
        'Run it with more time, or make the cell faster. What it said until then is below.'
      );
    case 'memory':
      return trans.__('Run it with a higher limit, or let the cell hold less at a time.');
    case 'died':
      return trans.__(
        'Kernels die of crashes in compiled code, or when the machine runs out of memory.'
      );
    case 'not_started':
      return trans.__('Look at what `jupyter kernelspec list` says.');
    case 'lost':
      return job
        ? trans.__(
            'The process that ran it ended without a word: the machine may have been restarted.'
          )
        : trans.__('The process that wrote it is gone.');
    default:
      return '';
  }
}

/** What happened, in one line. */
function titleOf(cause: EndCause | null, cell: number | null, trans: TranslationBundle): string {
  switch (cause) {
    case 'timed_out':
      return cell === null
        ? trans.__('The time ran out')
        : trans.__('The time ran out in cell %1', cell);
    case 'memory':
      return cell === null
        ? trans.__('The memory limit was passed')
        : trans.__('The memory limit was passed in cell %1', cell);
    case 'died':
      return cell === null
        ? trans.__('The kernel died')
        : trans.__('The kernel died in cell %1', cell);
    case 'not_started':
      return trans.__('The kernel did not start');
    case 'lost':
      return trans.__('The run was lost');
    case 'killed':
      return trans.__('The run was killed');
    case 'cancelled':
    case 'aborted':
      return trans.__('The run was cancelled');
    default:
      return cell === null ? trans.__('The run failed') : trans.__('Cell %1 failed', cell);
  }
}
