import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { JobStatus } from '../client/types';
import { CommandIDs } from '../commandIds';
import type { JobFilter } from '../models/jobList';
import { isActive } from '../models/jobs';
import type { PageState } from '../models/pageState';
import type { QueueModel } from '../models/queue';
import type { SweepsModel } from '../models/sweeps';
import { JobDetail } from './JobDetail';
import { JobTable } from './JobTable';
import { ErrorNote, Loading } from './Notes';
import { statusWord } from './Status';
import { SweepList } from './SweepList';
import { TabPanel, Tabs } from './Tabs';
import { useModel, useView } from './view';
import { Workers } from './Workers';

const FILTERS: readonly JobFilter[] = [
  null,
  'running',
  'queued',
  'failed',
  'finished',
  'cancelled'
];

export interface IJobsPageProps {
  model: QueueModel;
  sweeps: SweepsModel;
  state: PageState;
}

/** The page of a project's jobs and sweeps, in the main area. */
export function JobsPage(props: IJobsPageProps): JSX.Element {
  const { trans } = useView();
  const { model, sweeps, state } = props;
  useModel(model.list, sweeps, state);
  const tab = state.tab === 'sweeps' ? 'sweeps' : 'jobs';
  const tabs = [
    { id: 'jobs', label: trans.__('Jobs'), count: model.list.active },
    { id: 'sweeps', label: trans.__('Sweeps'), count: sweeps.sweeps.length }
  ];
  return (
    <div className="trackbook-Page trackbook-JobsPage">
      <div className="trackbook-Page-bar">
        <Tabs
          label={trans.__('Jobs and sweeps')}
          tabs={tabs}
          current={tab}
          onChange={id => state.setTab(id)}
        />
        <Workers model={model.workers} waiting={model.list.counts.queued ?? 0} />
      </div>
      {tab === 'sweeps' ? (
        <TabPanel tabs={tabs} current={tab}>
          <SweepList model={sweeps} />
        </TabPanel>
      ) : (
        <Queue model={model} />
      )}
    </div>
  );
}

function Queue({ model }: { model: QueueModel }): JSX.Element {
  const { trans } = useView();
  const { list } = model;
  useModel(model, list);
  return (
    <div className="trackbook-Queue" role="tabpanel" tabIndex={-1}>
      <div className="trackbook-Queue-list">
        <Filters model={model} />
        {list.error && (
          <ErrorNote
            error={list.error}
            hint={list.total ? trans.__('The list shows what was known before.') : undefined}
            onRetry={() => void list.refresh()}
          />
        )}
        {list.total > 0 ? (
          <JobTable model={model} />
        ) : list.isReady ? (
          !list.error && <Empty filter={list.filter} />
        ) : (
          <Loading label={trans.__('Loading jobs…')} />
        )}
        <SelectionBar model={model} />
      </div>
      {model.job && <JobDetail key={model.job.id} model={model} job={model.job} />}
    </div>
  );
}

function Filters({ model }: { model: QueueModel }): JSX.Element {
  const { trans } = useView();
  const { list } = model;
  return (
    <div className="trackbook-Filters" role="group" aria-label={trans.__('Jobs that are shown')}>
      {FILTERS.map(filter => {
        const count = countOf(list.counts, filter);
        return (
          <button
            key={filter ?? ''}
            className="trackbook-Filter"
            aria-pressed={list.filter === filter}
            onClick={() => list.setFilter(filter)}
          >
            {filterText(filter, trans)}
            <span className="trackbook-Tab-count">{count}</span>
          </button>
        );
      })}
    </div>
  );
}

function countOf(counts: QueueModel['list']['counts'], filter: JobFilter): number {
  return filter === null
    ? Object.values(counts).reduce((sum, count) => sum + count, 0)
    : (counts[filter] ?? 0);
}

function filterText(filter: JobFilter, trans: TranslationBundle): string {
  return filter === null
    ? trans.__('all')
    : filter === 'queued'
      ? trans.__('waiting')
      : statusWord(filter, trans);
}

function Empty({ filter }: { filter: JobStatus | null }): JSX.Element {
  const { trans, execute } = useView();
  if (filter !== null) {
    return (
      <div className="trackbook-Empty">
        <p>{trans.__('No job is in this state.')}</p>
      </div>
    );
  }
  return (
    <div className="trackbook-Empty">
      <h3>{trans.__('No jobs yet')}</h3>
      <p>
        {trans.__(
          'A job runs a notebook from top to bottom in a kernel of its own, and goes on when the browser is closed.'
        )}
      </p>
      <button className="trackbook-Button" onClick={() => execute(CommandIDs.runAsJob)}>
        {trans.__('Run the current notebook as a job…')}
      </button>
    </div>
  );
}

/** What can be done with the jobs that are selected. */
function SelectionBar({ model }: { model: QueueModel }): JSX.Element | null {
  const { trans, execute } = useView();
  const { selection, list, project } = model;
  useModel(selection, list);
  if (!selection.size) {
    return null;
  }
  const ids = [...selection.ids];
  const isEnded = (id: string) => {
    const job = list.find(id);
    return job !== undefined && !isActive(job);
  };
  const ended = ids.filter(isEnded);
  const active = ids.filter(id => !isEnded(id));
  return (
    <div className="trackbook-SelectionBar" role="toolbar" aria-label={trans.__('Selected jobs')}>
      <span>{trans._n('%1 selected', '%1 selected', ids.length)}</span>
      <button
        className="trackbook-Button"
        disabled={!active.length}
        onClick={() => execute(CommandIDs.cancelJob, { project, jobs: active })}
      >
        {trans.__('Cancel')}
      </button>
      <button
        className="trackbook-Button"
        disabled={!ended.length}
        title={trans.__('Run the same frozen notebooks with the same parameters once more')}
        onClick={() => execute(CommandIDs.retryJob, { project, jobs: ended })}
      >
        {trans.__('Retry')}
      </button>
      <button className="trackbook-Button" onClick={() => selection.clear()}>
        {trans.__('Clear')}
      </button>
    </div>
  );
}
