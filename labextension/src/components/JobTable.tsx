import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IJob } from '../client/types';
import { CommandIDs } from '../commandIds';
import { formatDuration, formatMoment, formatRelative, formatValue } from '../format';
import { isActive, isWaiting, runOf } from '../models/jobs';
import type { QueueModel } from '../models/queue';
import { Again, describeError, Progress } from './Jobs';
import { RunningDuration } from './RunRow';
import { StatusIcon } from './Status';
import { useModel, useNow, useView } from './view';
import { type IColumn, VirtualTable } from './VirtualTable';

/** The jobs of a project, the newest first. */
export function JobTable({ model }: { model: QueueModel }): JSX.Element {
  const { trans, execute } = useView();
  const { list, selection, project } = model;
  useModel(model, list, selection);
  const columns = React.useMemo(() => makeColumns(trans), [trans]);
  const onWindow = React.useCallback(
    (first: number, last: number) => list.setWindow(first, last),
    [list]
  );
  return (
    <VirtualTable
      label={trans.__('Jobs')}
      columns={columns}
      count={list.total}
      at={index => list.at(index)}
      keyOf={job => job.id}
      indexOf={id => list.indexOf(id)}
      active={model.job?.id ?? null}
      isSelected={id => selection.has(id)}
      dataOf={job => ({ 'data-job': job.id, 'data-project': project })}
      onWindow={onWindow}
      onActive={job => void model.show(job.id)}
      onToggle={job => selection.toggle(job.id)}
      onRange={(from, to) => selection.set(list.between(from, to).map(job => job.id))}
      onOpen={job => {
        const run = runOf(job);
        if (run !== null) {
          execute(CommandIDs.openRun, { project, run });
        }
      }}
      onEscape={() => selection.clear()}
    />
  );
}

function makeColumns(trans: TranslationBundle): IColumn<IJob>[] {
  return [
    {
      id: 'status',
      label: '',
      title: trans.__('State'),
      width: '22px',
      render: job => (
        <StatusIcon status={job.status === 'failed' ? (job.cause ?? job.status) : job.status} />
      )
    },
    {
      id: 'notebook',
      label: trans.__('Notebook'),
      width: 'minmax(90px, 1.2fr)',
      render: job => <span title={job.spec.path}>{job.spec.path.split('/').pop()}</span>
    },
    {
      id: 'params',
      label: trans.__('Parameters'),
      width: 'minmax(80px, 2fr)',
      render: job => <Params job={job} />
    },
    {
      id: 'progress',
      label: trans.__('Progress'),
      width: 'minmax(110px, 1.3fr)',
      render: job => <Stand job={job} />
    },
    {
      id: 'time',
      label: trans.__('Time'),
      width: '72px',
      isNumber: true,
      render: job => <Time job={job} />
    },
    {
      id: 'submitted',
      label: trans.__('Submitted'),
      width: '92px',
      isNumber: true,
      render: job => <Submitted job={job} />
    }
  ];
}

function Params({ job }: { job: IJob }): JSX.Element {
  const text = Object.entries(job.spec.params)
    .map(([key, value]) => `${key}=${formatValue(value)}`)
    .join(' ');
  return (
    <span className="trackbook-Quiet" title={text}>
      {text || '–'}
    </span>
  );
}

/** How far a job is: its cell, its place in the queue and why it waits, or how it ended. */
function Stand({ job }: { job: IJob }): JSX.Element {
  const { trans } = useView();
  if (job.status === 'running') {
    return <Progress job={job} />;
  }
  if (isWaiting(job)) {
    return <Again job={job} />;
  }
  if (job.status === 'queued') {
    const place = job.position ? trans.__('place %1', job.position) : trans.__('waits');
    const text = job.waiting ? `${place}: ${job.waiting}` : place;
    return (
      <span className="trackbook-Quiet" title={text}>
        {text}
      </span>
    );
  }
  if (job.error && job.status !== 'cancelled') {
    const { cell } = job.error;
    const text =
      cell === null ? describeError(job) : trans.__('cell %1: %2', cell, describeError(job));
    return (
      <span className="trackbook-JobRow-error" title={text}>
        {text}
      </span>
    );
  }
  return <span className="trackbook-Quiet">{job.cells ? `${job.cell}/${job.cells}` : ''}</span>;
}

function Time({ job }: { job: IJob }): JSX.Element | null {
  if (job.started === null || isWaiting(job)) {
    return null;
  }
  if (isActive(job)) {
    return <RunningDuration started={job.started} />;
  }
  const end = job.ended ?? job.started;
  return <>{formatDuration((Date.parse(end) - Date.parse(job.started)) / 1000)}</>;
}

function Submitted({ job }: { job: IJob }): JSX.Element {
  const now = useNow(20);
  return (
    <span className="trackbook-Quiet" title={formatMoment(job.submitted)}>
      {formatRelative(job.submitted, now)}
    </span>
  );
}
