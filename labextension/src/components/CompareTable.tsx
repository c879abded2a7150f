import * as React from 'react';

import {
  bestIn,
  type IComparedMetric,
  type IComparedRun,
  type IComparedValue
} from '../client/compare';
import type { JsonValue } from '../client/types';
import { CommandIDs } from '../commandIds';
import { formatExact, formatExactValue, formatNumber, formatValue } from '../format';
import type { ColoursModel } from '../models/colours';
import type { CompareModel } from '../models/compare';
import { StatusIcon } from './Status';
import { classes, useModel, useView } from './view';

/** The table of a comparison: a column for each run, a row for each thing that differs. */
export function CompareTable(props: {
  model: CompareModel;
  colours: ColoursModel;
}): JSX.Element | null {
  const { trans } = useView();
  const { model, colours } = props;
  useModel(model, colours);
  const { comparison } = model;
  if (!comparison) {
    return null;
  }
  const { runs, params, metrics, tags, environment, packages } = comparison;
  const isEmpty = ![params, metrics, tags, environment, packages].some(rows => rows.length);
  if (isEmpty) {
    return (
      <p className="trackbook-Quiet">
        {trans.__('These runs differ in nothing that was recorded.')}
      </p>
    );
  }
  return (
    <div className="trackbook-CompareTable-frame">
      <table className="trackbook-Table trackbook-CompareTable">
        <thead>
          <tr>
            <th />
            {runs.map(run => (
              <ColumnHead key={run.id} run={run} model={model} colours={colours} />
            ))}
          </tr>
        </thead>
        <Metrics rows={metrics} runs={runs} />
        <Values title={trans.__('Parameters')} rows={params} runs={runs} />
        <Values title={trans.__('Tags')} rows={tags} runs={runs} />
        <Values title={trans.__('Environment')} rows={environment} runs={runs} />
        <Values title={trans.__('Packages')} rows={packages} runs={runs} />
      </table>
    </div>
  );
}

function ColumnHead(props: {
  run: IComparedRun;
  model: CompareModel;
  colours: ColoursModel;
}): JSX.Element {
  const { trans, execute } = useView();
  const { run, model, colours } = props;
  return (
    <th scope="col" style={{ borderTopColor: `var(${colours.get(run.id).variable})` }}>
      <span className="trackbook-CompareTable-run">
        <StatusIcon status={run.status} />
        <button
          className="trackbook-Link"
          title={run.name}
          onClick={() => execute(CommandIDs.openRun, { project: model.project, run: run.id })}
        >
          {run.experiment} #{run.number}
        </button>
        {model.runs.length > 2 && (
          <button
            className="trackbook-IconButton"
            title={trans.__('Leave out of the comparison')}
            aria-label={trans.__('Leave #%1 out of the comparison', run.number)}
            onClick={() => model.remove(run.id)}
          >
            ✕
          </button>
        )}
      </span>
    </th>
  );
}

function Metrics(props: {
  rows: readonly IComparedMetric[];
  runs: readonly IComparedRun[];
}): JSX.Element | null {
  const { trans } = useView();
  if (!props.rows.length) {
    return null;
  }
  return (
    <tbody>
      <SectionHead title={trans.__('Metrics')} runs={props.runs} />
      {props.rows.map(row => {
        const best = bestIn(row);
        return (
          <tr key={row.key} className={classes(!row.differs && 'trackbook-mod-same')}>
            <th scope="row" title={row.key}>
              {row.key}
              {row.goal && (
                <span className="trackbook-Quiet">{row.goal === 'max' ? ' ↑' : ' ↓'}</span>
              )}
            </th>
            {row.values.map((value, place) => (
              <td
                key={props.runs[place].id}
                className={classes('trackbook-mod-number', best.has(place) && 'trackbook-mod-best')}
                title={value === null ? undefined : formatExact(value)}
              >
                {best.has(place) && (
                  <span className="trackbook-Best" role="img" aria-label={trans.__('best')}>
                    ★
                  </span>
                )}
                {value === null ? '–' : formatNumber(value)}
              </td>
            ))}
          </tr>
        );
      })}
    </tbody>
  );
}

function Values(props: {
  title: string;
  rows: readonly IComparedValue[];
  runs: readonly IComparedRun[];
}): JSX.Element | null {
  const { title, rows, runs } = props;
  if (!rows.length) {
    return null;
  }
  return (
    <tbody>
      <SectionHead title={title} runs={runs} />
      {rows.map(row => (
        <tr key={row.key} className={classes(!row.differs && 'trackbook-mod-same')}>
          <th scope="row" title={row.key}>
            {row.key}
          </th>
          {row.values.map((value, place) => (
            <ValueCell key={runs[place].id} value={value} />
          ))}
        </tr>
      ))}
    </tbody>
  );
}

function ValueCell({ value }: { value: JsonValue }): JSX.Element {
  const isNumber = typeof value === 'number';
  return (
    <td
      className={isNumber ? 'trackbook-mod-number' : 'trackbook-mod-value'}
      title={value === null ? undefined : formatExactValue(value)}
    >
      {value === null ? '–' : formatValue(value)}
    </td>
  );
}

function SectionHead(props: { title: string; runs: readonly IComparedRun[] }): JSX.Element {
  return (
    <tr className="trackbook-CompareTable-section">
      <th scope="rowgroup" colSpan={props.runs.length + 1}>
        {props.title}
      </th>
    </tr>
  );
}
