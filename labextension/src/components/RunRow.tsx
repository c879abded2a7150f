import * as React from 'react';

import type { IRun } from '../client/types';
import { formatDuration, formatExact, formatMoment, formatNumber } from '../format';
import type { IColour } from '../models/colours';
import { goalOf, headlineSeries } from '../models/headline';
import { Editable } from './Editable';
import { ReproductionIcon } from './ReproductionBadge';
import { RunChange } from './RunChange';
import { Sparkline } from './Sparkline';
import { StatusIcon } from './Status';
import { classes, useNow, useView } from './view';

export interface IRunRowProps {
  run: IRun;
  /** The run of the same experiment below this one. */
  earlier: IRun | null;
  isSelected: boolean;
  isExpanded: boolean;
  isBest: boolean;
  isRenaming: boolean;
  colour: IColour;
  onToggle(id: string): void;
  onExpand(id: string): void;
  onRename(id: string, name: string): Promise<void>;
  onEditEnd(): void;
}

/** A run on one line of 24 pixels. */
export const RunRow = React.memo((props: IRunRowProps): JSX.Element => {
  const { trans } = useView();
  const { run, isSelected, isExpanded } = props;
  const name = headlineSeries(run);
  return (
    <>
      <span
        className={classes('trackbook-RunRow-caret', isExpanded && 'trackbook-mod-open')}
        aria-hidden="true"
        onClick={event => {
          event.stopPropagation();
          props.onExpand(run.id);
        }}
      />
      <span
        className={classes('trackbook-RunRow-check', isSelected && 'trackbook-mod-on')}
        style={isSelected ? { backgroundColor: `var(${props.colour.variable})` } : undefined}
        title={isSelected ? trans.__('Leave out of the comparison') : trans.__('Select to compare')}
        aria-hidden="true"
        onClick={event => {
          event.stopPropagation();
          props.onToggle(run.id);
        }}
      />
      <StatusIcon status={run.status} />
      {props.isRenaming ? (
        <Editable
          label={trans.__('Name')}
          text={run.name}
          placeholder={trans.__('Name')}
          isEditing
          onSave={text => props.onRename(run.id, text)}
          onEnd={props.onEditEnd}
        />
      ) : (
        <>
          <span
            className="trackbook-RunRow-title"
            title={`${run.name}\n${formatMoment(run.started)}`}
          >
            <span className="trackbook-RunRow-experiment">{run.experiment}</span>
            <span className="trackbook-RunRow-number">&nbsp;#{run.number}</span>
          </span>
          {props.isBest && name && (
            <span
              className="trackbook-Best"
              role="img"
              aria-label={trans.__('best')}
              title={trans.__('Best %1 of %2', name, run.experiment)}
            >
              ★
            </span>
          )}
          {run.reproduction && <ReproductionIcon mark={run.reproduction} />}
          <RunChange run={run} earlier={props.earlier} />
          <Duration run={run} />
        </>
      )}
      {name && <Headline run={run} name={name} />}
    </>
  );
});
RunRow.displayName = 'RunRow';

function Headline(props: { run: IRun; name: string }): JSX.Element {
  const { run, name } = props;
  const value = run.metrics[name];
  const goal = goalOf(run, name);
  const arrow = goal === null ? '' : goal === 'max' ? ' ↑' : ' ↓';
  return (
    <>
      <span className="trackbook-RunRow-metric" title={`${name}${arrow} ${formatExact(value)}`}>
        <span className="trackbook-ReadersOnly">{name} </span>
        {formatNumber(value)}
      </span>
      <Sparkline values={run.sparks[name] ?? []} />
    </>
  );
}

function Duration({ run }: { run: IRun }): JSX.Element {
  if (run.status === 'running') {
    return <RunningDuration started={run.started} />;
  }
  return <span className="trackbook-RunRow-duration">{formatDuration(run.duration)}</span>;
}

/** How long a run has been going on, counted here: no change of the store tells of passing time. */
export function RunningDuration({ started }: { started: string }): JSX.Element {
  const now = useNow(1);
  const seconds = Math.max(1, Math.floor((now - Date.parse(started)) / 1000));
  return <span className="trackbook-RunRow-duration">{formatDuration(seconds)}</span>;
}
