import * as React from 'react';

import type { IRun, JsonValue } from '../client/types';
import { CommandIDs } from '../commandIds';
import {
  formatBytes,
  formatDuration,
  formatExact,
  formatExactValue,
  formatMoment,
  formatNumber,
  formatRelative,
  formatValue
} from '../format';
import type { EditedField } from '../models/listState';
import type { RunModel } from '../models/run';
import { CompareWithBest } from './CompareWithBest';
import { Editable } from './Editable';
import { Tags } from './Tags';
import { useModel, useNow, useView } from './view';

/** How many lines of a kind the unfolded run shows; its page shows all. */
const LINES = 12;

/** What an unfolded run shows below its row: parameters, metrics, artifacts, tags, notes. */
export function RunDetails(props: {
  run: IRun;
  model: RunModel;
  editing: EditedField | null;
  onEditEnd(field: EditedField): void;
}): JSX.Element {
  const { trans, execute } = useView();
  const { run, model, editing, onEditEnd } = props;
  useModel(model);
  const now = useNow(20);
  const args = { project: model.project, run: run.id };
  const artifacts = model.detail?.artifacts ?? [];
  const open = (tab: string) => execute(CommandIDs.openRun, { ...args, tab });
  return (
    <>
      <p className="trackbook-Details-line">
        <span className="trackbook-Details-name">{run.name}</span>
        {' · '}
        <span title={formatMoment(run.started)}>{formatRelative(run.started, now)}</span>
        {run.duration !== null && ` · ${formatDuration(run.duration)}`}
      </p>
      {run.error && (
        <button className="trackbook-Details-error" onClick={() => open('cells')}>
          {run.error.ename}: {run.error.evalue}
        </button>
      )}
      <Lines title={trans.__('Parameters')} rows={paramRows(run)} onMore={() => open('overview')} />
      <Lines title={trans.__('Metrics')} rows={metricRows(run)} onMore={() => open('charts')} />
      <Lines
        title={trans.__('Artifacts')}
        rows={artifacts.map(item => [item.path, formatBytes(item.size), String(item.size)])}
        onOpen={() => open('artifacts')}
        onMore={() => open('artifacts')}
      />
      <Tags
        tags={run.tags}
        isEditing={editing === 'tags'}
        onSave={tags => model.edit({ tags })}
        onEnd={() => onEditEnd('tags')}
      />
      <Editable
        label={trans.__('Notes')}
        text={run.notes}
        placeholder={trans.__('Add notes')}
        isMultiline
        isEditing={editing === 'notes'}
        onSave={notes => model.edit({ notes })}
        onEnd={() => onEditEnd('notes')}
      />
      <div className="trackbook-Details-actions">
        <button className="trackbook-Button" onClick={() => execute(CommandIDs.openRun, args)}>
          {trans.__('Open')}
        </button>
        <CompareWithBest args={args} />
        {!!model.detail?.snapshots.length && (
          <button
            className="trackbook-Button"
            onClick={() => execute(CommandIDs.openSnapshot, args)}
          >
            {trans.__('Open snapshot')}
          </button>
        )}
      </div>
    </>
  );
}

/** A name, what is shown, and the same exactly. */
type Line = readonly [name: string, value: string, exact: string];

function paramRows(run: IRun): Line[] {
  return Object.entries(run.params).map(([key, value]: [string, JsonValue]) => [
    key,
    formatValue(value),
    formatExactValue(value)
  ]);
}

function metricRows(run: IRun): Line[] {
  return Object.entries(run.metrics).map(([key, value]) => [
    key,
    formatNumber(value),
    formatExact(value)
  ]);
}

function Lines(props: {
  title: string;
  rows: readonly Line[];
  onOpen?: () => void;
  onMore: () => void;
}): JSX.Element | null {
  const { trans } = useView();
  const { rows, onOpen } = props;
  if (!rows.length) {
    return null;
  }
  const more = rows.length - LINES;
  return (
    <>
      <h4 className="trackbook-Details-title">{props.title}</h4>
      <dl className="trackbook-Lines">
        {rows.slice(0, LINES).map(([name, value, exact]) => (
          <React.Fragment key={name}>
            <dt title={name}>
              {onOpen ? (
                <button className="trackbook-Link" onClick={onOpen}>
                  {name}
                </button>
              ) : (
                name
              )}
            </dt>
            <dd title={exact}>{value}</dd>
          </React.Fragment>
        ))}
      </dl>
      {more > 0 && (
        <button className="trackbook-Link" onClick={props.onMore}>
          {trans._n('%1 more', '%1 more', more)}
        </button>
      )}
    </>
  );
}
