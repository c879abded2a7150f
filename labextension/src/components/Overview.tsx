import * as React from 'react';

import type { IParamRevision, IRunDetail, ISeriesSummary } from '../client/types';
import { CommandIDs } from '../commandIds';
import {
  formatExact,
  formatExactValue,
  formatMoment,
  formatNumber,
  formatRelative,
  formatValue,
  seriesName
} from '../format';
import type { RunModel } from '../models/run';
import { isSystemKey } from '../models/systemMetrics';
import { Attempts } from './Attempts';
import { Editable } from './Editable';
import { Losses } from './Losses';
import { Sparkline } from './Sparkline';
import { Tags } from './Tags';
import { Traceback } from './Traceback';
import { useModel, useNow, useView } from './view';

/** The first tab of a run: what went in, what came out, what people say about it. */
export function Overview({ model, detail }: { model: RunModel; detail: IRunDetail }): JSX.Element {
  const { trans } = useView();
  useModel(model);
  const { run } = detail;
  return (
    <div className="trackbook-Overview">
      {run.error && <Failure model={model} detail={detail} />}
      <Losses losses={detail.losses} />
      {run.reason && !run.error && <p className="trackbook-Note">{run.reason}</p>}
      <section>
        <h3>{trans.__('Metrics')}</h3>
        <Metrics series={detail.series.filter(item => !isSystemKey(item.key))} />
      </section>
      <section>
        <h3>{trans.__('Parameters')}</h3>
        <Params detail={detail} />
      </section>
      <Attempts attempts={detail.attempts} />
      <section>
        <h3>{trans.__('Tags')}</h3>
        <Tags tags={run.tags} onSave={tags => model.edit({ tags })} />
        <h3>{trans.__('Notes')}</h3>
        <Editable
          label={trans.__('Notes')}
          text={run.notes}
          placeholder={trans.__('Add notes')}
          isMultiline
          onSave={notes => model.edit({ notes })}
        />
      </section>
    </div>
  );
}

function Failure({ model, detail }: { model: RunModel; detail: IRunDetail }): JSX.Element | null {
  const { trans, execute } = useView();
  const { error } = detail.run;
  if (!error) {
    return null;
  }
  const show = () =>
    execute(CommandIDs.openRun, { project: model.project, run: model.id, tab: 'failure' });
  return (
    <section className="trackbook-Failure" role="group" aria-label={trans.__('Error')}>
      <p>
        <strong>{error.ename}</strong>: {error.evalue}
      </p>
      {detail.cells.some(cell => cell.status === 'error') && (
        <button className="trackbook-Button" onClick={show}>
          {error.cell === null ? trans.__('Show the cell') : trans.__('Show cell %1', error.cell)}
        </button>
      )}
      <Traceback lines={error.traceback} />
    </section>
  );
}

function Metrics({ series }: { series: readonly ISeriesSummary[] }): JSX.Element {
  const { trans } = useView();
  if (!series.length) {
    return (
      <p className="trackbook-Quiet">
        {trans.__('None logged: %track metric NAME, or run.log({…})')}
      </p>
    );
  }
  return (
    <table className="trackbook-Table">
      <thead>
        <tr>
          <th scope="col">{trans.__('Name')}</th>
          <th scope="col" className="trackbook-mod-number">
            {trans.__('Last')}
          </th>
          <th scope="col" className="trackbook-mod-number">
            {trans.__('Best')}
          </th>
          <th scope="col" className="trackbook-mod-number">
            {trans.__('Lowest')}
          </th>
          <th scope="col" className="trackbook-mod-number">
            {trans.__('Highest')}
          </th>
          <th scope="col" className="trackbook-mod-number">
            {trans.__('Points')}
          </th>
          <th aria-hidden="true" />
        </tr>
      </thead>
      <tbody>
        {series.map(item => (
          <MetricRow key={seriesName(item.key, item.context)} item={item} />
        ))}
      </tbody>
    </table>
  );
}

function MetricRow({ item }: { item: ISeriesSummary }): JSX.Element {
  const { trans } = useView();
  const best = item.goal === null ? null : item.goal === 'max' ? item.max : item.min;
  const goal = item.goal === 'max' ? trans.__('higher is better') : trans.__('lower is better');
  return (
    <tr>
      <th scope="row">
        {seriesName(item.key, item.context)}
        {item.goal && (
          <span className="trackbook-Quiet" title={goal} aria-label={goal}>
            {item.goal === 'max' ? ' ↑' : ' ↓'}
          </span>
        )}
        {item.unit && <span className="trackbook-Quiet"> {item.unit}</span>}
      </th>
      <NumberCell value={item.last} />
      <NumberCell value={best} />
      <NumberCell value={item.min} />
      <NumberCell value={item.max} />
      <td className="trackbook-mod-number">{item.count}</td>
      <td>
        <Sparkline values={item.spark} />
      </td>
    </tr>
  );
}

function NumberCell({ value }: { value: number | null }): JSX.Element {
  return (
    <td className="trackbook-mod-number" title={value === null ? undefined : formatExact(value)}>
      {value === null ? '–' : formatNumber(value)}
    </td>
  );
}

function Params({ detail }: { detail: IRunDetail }): JSX.Element {
  const { trans } = useView();
  const params = Object.entries(detail.run.params);
  if (!params.length) {
    return (
      <p className="trackbook-Quiet">
        {trans.__('None set: %track param NAME, or run.param(name, value)')}
      </p>
    );
  }
  return (
    <table className="trackbook-Table">
      <tbody>
        {params.map(([key, value]) => (
          <tr key={key}>
            <th scope="row">{key}</th>
            <td className="trackbook-mod-value" title={formatExactValue(value)}>
              {formatValue(value)}
              <Revisions revisions={detail.revisions.filter(item => item.key === key)} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The values that a parameter had before; the last one counts and stands above. */
function Revisions({ revisions }: { revisions: readonly IParamRevision[] }): JSX.Element | null {
  const { trans } = useView();
  const now = useNow(60);
  const earlier = earlierValues(revisions);
  if (!earlier.length) {
    return null;
  }
  return (
    <details className="trackbook-Revisions">
      <summary>{trans._n('%1 earlier value', '%1 earlier values', earlier.length)}</summary>
      <ul>
        {earlier.map(item => (
          <li key={item.at}>
            <span title={formatExactValue(item.value)}>{formatValue(item.value)}</span>{' '}
            <span className="trackbook-Quiet" title={formatMoment(item.at)}>
              {formatRelative(item.at, now)}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** The values before the last one, the newest first. The same value set once more is no other value. */
function earlierValues(revisions: readonly IParamRevision[]): IParamRevision[] {
  const texts = revisions.map(item => JSON.stringify(item.value));
  return revisions
    .filter((_, place) => place + 1 < texts.length && texts[place] !== texts[place + 1])
    .reverse();
}
