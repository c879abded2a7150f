import * as React from 'react';

import type { IRun } from '../client/types';
import { CommandIDs } from '../commandIds';
import { formatDuration, formatMoment, formatRelative } from '../format';
import type { IColour } from '../models/colours';
import type { RunModel } from '../models/run';
import { CompareWithBest } from './CompareWithBest';
import { Editable } from './Editable';
import { ReproductionBadge } from './ReproductionBadge';
import { RunningDuration } from './RunRow';
import { StatusIcon, statusWord } from './Status';
import { useModel, useNow, useView } from './view';

/** The head of a run's page: what it is, how it stands, and what can be done with it. */
export function RunHeader({
  model,
  colour
}: {
  model: RunModel;
  colour: IColour;
}): JSX.Element | null {
  const { trans, execute } = useView();
  useModel(model);
  const now = useNow(20);
  const { run } = model;
  if (!run) {
    return null;
  }
  const args = { project: model.project, run: run.id };
  return (
    <header className="trackbook-RunHeader">
      <div className="trackbook-RunHeader-title">
        <span
          className="trackbook-Swatch"
          style={{ backgroundColor: `var(${colour.variable})` }}
          aria-hidden="true"
        />
        <StatusIcon status={run.status} />
        <h2>
          {run.experiment} #{run.number}
        </h2>
        <Editable
          label={trans.__('Name')}
          text={run.name}
          placeholder={trans.__('Name')}
          onSave={name => model.edit({ name })}
        />
        <span className="trackbook-Spacer" />
        {run.reproduction && <ReproductionBadge mark={run.reproduction} args={args} />}
        {run.status !== 'running' && run.source.kind !== 'script' && (
          <button
            className="trackbook-Button"
            title={trans.__('Run it again as it was recorded, and compare the results')}
            onClick={() => execute(CommandIDs.reproduceRun, args)}
          >
            {trans.__('Reproduce')}
          </button>
        )}
        <CompareWithBest args={args} />
        <button
          className="trackbook-Button"
          title={trans.__('What changed since the previous run of this notebook')}
          onClick={() => execute(CommandIDs.compareWithPrevious, args)}
        >
          {trans.__('Compare with previous')}
        </button>
        {!!model.detail?.snapshots.length && (
          <button
            className="trackbook-Button"
            onClick={() => execute(CommandIDs.openSnapshot, args)}
          >
            {trans.__('Open snapshot')}
          </button>
        )}
      </div>
      <p className="trackbook-RunHeader-facts">
        <span>{statusWord(run.status, trans)}</span>
        <span title={formatMoment(run.started)}>{formatRelative(run.started, now)}</span>
        {run.status === 'running' ? (
          <RunningDuration started={run.started} />
        ) : (
          <span>{formatDuration(run.duration)}</span>
        )}
        <Origin run={run} />
        {run.tags.reproduces && (
          <button
            className="trackbook-Link"
            onClick={() =>
              execute(CommandIDs.openRun, { project: model.project, run: run.tags.reproduces })
            }
          >
            {trans.__('repeats another run')}
          </button>
        )}
        {run.group !== null && <span>{trans.__('group %1', run.group)}</span>}
        {run.forked_from !== null && (
          <button
            className="trackbook-Button"
            onClick={() =>
              execute(CommandIDs.openRun, { project: model.project, run: run.forked_from })
            }
          >
            {trans.__('Forked at step %1', run.forked_step)}
          </button>
        )}
        <span>
          {run.user}@{run.host}
        </span>
      </p>
    </header>
  );
}

function Origin({ run }: { run: IRun }): JSX.Element | null {
  const { trans } = useView();
  const { path, kind } = run.source;
  if (path === null) {
    return null;
  }
  return <span title={path}>{kind === 'job' ? trans.__('job of %1', path) : path}</span>;
}
