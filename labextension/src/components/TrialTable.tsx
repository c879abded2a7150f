import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ISweepDetail, ISweepTrial } from '../client/sweeps';
import { CommandIDs } from '../commandIds';
import {
  formatDuration,
  formatExact,
  formatExactValue,
  formatNumber,
  formatValue
} from '../format';
import type { SweepModel } from '../models/sweep';
import { sweptNames } from '../models/trials';
import { Sparkline } from './Sparkline';
import { StatusIcon, statusWord } from './Status';
import { objectiveText } from './sweepTexts';
import { useModel, useView } from './view';
import { type IColumn, VirtualTable } from './VirtualTable';

/** The trials of a sweep as they stand, the best ones marked. */
export function TrialTable(props: { model: SweepModel; sweep: ISweepDetail }): JSX.Element {
  const { trans, execute } = useView();
  const { model, sweep } = props;
  const { selection, project, trials } = model;
  useModel(model, selection);
  const [active, setActive] = React.useState<string | null>(null);
  const columns = React.useMemo(() => makeColumns(sweep, trans), [sweep, trans]);
  const select = (chosen: readonly ISweepTrial[]) =>
    selection.set(chosen.filter(hasRun).map(({ run }) => run));
  const open = (trial: ISweepTrial) =>
    hasRun(trial)
      ? execute(CommandIDs.openRun, { project, run: trial.run })
      : execute(CommandIDs.openJobs, { project, job: trial.job });
  const runs = React.useMemo(
    () => new Map(trials.map(trial => [String(trial.trial), trial.run])),
    [trials]
  );
  return (
    <VirtualTable
      label={trans.__('Trials')}
      columns={columns}
      count={trials.length}
      at={index => trials[index]}
      keyOf={trial => String(trial.trial)}
      indexOf={key => trials.findIndex(trial => String(trial.trial) === key)}
      active={active}
      isSelected={key => selection.has(runs.get(key) ?? '')}
      classOf={trial => `trackbook-mod-${trial.status}`}
      dataOf={trial => ({ 'data-job': trial.job, 'data-project': project })}
      sorted={model.order}
      onSort={column => model.sortBy(column)}
      onActive={trial => setActive(String(trial.trial))}
      onToggle={trial => hasRun(trial) && selection.toggle(trial.run)}
      onRange={(from, to) => select(trials.slice(Math.min(from, to), Math.max(from, to) + 1))}
      onOpen={open}
      onEscape={() => selection.clear()}
    />
  );
}

/** Whether a trial has begun, so that there is a run to look at. */
function hasRun({ number }: ISweepTrial): boolean {
  return number !== null;
}

function makeColumns(sweep: ISweepDetail, trans: TranslationBundle): IColumn<ISweepTrial>[] {
  return [
    {
      id: 'trial',
      label: '#',
      title: trans.__('Trial'),
      width: '44px',
      isNumber: true,
      isSortable: true,
      render: trial => trial.trial
    },
    {
      id: 'status',
      label: trans.__('State'),
      width: '118px',
      isSortable: true,
      render: trial => <Stand trial={trial} />
    },
    ...sweep.objectives.map((objective, place) => ({
      id: `value:${place}`,
      label: objectiveText(objective),
      width: 'minmax(132px, 1fr)',
      isNumber: true,
      isSortable: true,
      render: (trial: ISweepTrial) => (
        <Value
          value={trial.values[place] ?? null}
          spark={trial.sparks[place] ?? []}
          isBest={trial.best}
        />
      )
    })),
    ...sweptNames(sweep).map(name => ({
      id: `param:${name}`,
      label: name,
      width: 'minmax(72px, 1fr)',
      isNumber: isNumeric(sweep, name),
      isSortable: true,
      render: (trial: ISweepTrial) => {
        const value = trial.params[name] ?? null;
        return value === null ? (
          '–'
        ) : (
          <span title={formatExactValue(value)}>{formatValue(value)}</span>
        );
      }
    })),
    {
      id: 'duration',
      label: trans.__('Time'),
      width: '84px',
      isNumber: true,
      isSortable: true,
      render: trial => formatDuration(trial.duration)
    },
    {
      id: 'run',
      label: trans.__('Run'),
      width: '60px',
      isNumber: true,
      render: trial => (trial.number === null ? '' : `#${trial.number}`)
    }
  ];
}

function isNumeric(sweep: ISweepDetail, name: string): boolean {
  return sweep.runs.every(({ params }) => typeof (params[name] ?? 0) === 'number');
}

function Stand({ trial }: { trial: ISweepTrial }): JSX.Element {
  const { trans } = useView();
  const { status, cell, cells } = trial;
  const label = trans.__('Cell %1 of %2', cell, cells);
  return (
    <span className="trackbook-Trial-state">
      <StatusIcon status={status} />
      {status === 'running' && cells ? (
        <span className="trackbook-JobRow-progress" title={label}>
          <progress aria-label={label} max={cells} value={cell} />
          <span>
            {cell}/{cells}
          </span>
        </span>
      ) : (
        <span aria-hidden="true">{statusWord(status, trans)}</span>
      )}
    </span>
  );
}

function Value(props: {
  value: number | null;
  spark: readonly number[];
  isBest: boolean;
}): JSX.Element {
  const { trans } = useView();
  const { value, spark, isBest } = props;
  if (value === null) {
    return <>–</>;
  }
  return (
    <span className="trackbook-Trial-value" title={formatExact(value)}>
      {spark.length > 1 && <Sparkline values={spark} />}
      {isBest && (
        <span className="trackbook-Best" role="img" aria-label={trans.__('best')}>
          ★{' '}
        </span>
      )}
      {formatNumber(value)}
    </span>
  );
}
