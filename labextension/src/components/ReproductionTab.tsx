import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type {
  CheckKind,
  CheckStatus,
  ICheck,
  IDeviation,
  IReproduction
} from '../client/reproduction';
import type { IRunDetail } from '../client/types';
import { CommandIDs } from '../commandIds';
import { formatMoment, formatRelative } from '../format';
import type { RunModel } from '../models/run';
import { CopyCode } from './Notes';
import { Obstacles } from './Obstacles';
import { Prose } from './Prose';
import { ReproductionIcon, verdictWord } from './ReproductionBadge';
import { StatusIcon } from './Status';
import { useNow, useView } from './view';

export interface IReproductionTabProps {
  model: RunModel;
  detail: IRunDetail;
  /** Show an execution among the cells. */
  onCell(order: number): void;
}

/** Whether a run holds when it is run again: the verdict with its evidence, and what stands in the way. */
export function ReproductionTab(props: IReproductionTabProps): JSX.Element {
  const { detail } = props;
  return (
    <div className="trackbook-ReproductionTab">
      {detail.reproduction ? (
        <Evidence {...props} reproduction={detail.reproduction} />
      ) : (
        <NotYet {...props} />
      )}
      <Obstacles {...props} />
    </div>
  );
}

/** That nobody has run it again, and how that is done. */
function NotYet({ model, detail }: IReproductionTabProps): JSX.Element {
  const { trans, execute } = useView();
  const { run } = detail;
  if (run.status === 'running') {
    return <p className="trackbook-Quiet">{trans.__('It can be run again when it has ended.')}</p>;
  }
  return (
    <div className="trackbook-Empty">
      <h3>{trans.__('Nobody has run it again yet')}</h3>
      <p>
        {trans.__(
          'That runs the notebook as it was recorded, with its parameters and data, and compares metrics, outputs and artifacts.'
        )}
      </p>
      <button
        className="trackbook-Button trackbook-mod-primary"
        onClick={() => execute(CommandIDs.reproduceRun, { project: model.project, run: model.id })}
      >
        {trans.__('Reproduce')}
      </button>
      <p>{trans.__('In a terminal; with its packages, too, in an environment of their own:')}</p>
      <CopyCode code={`trackbook reproduce ${run.number} --env`} />
    </div>
  );
}

function Evidence(props: IReproductionTabProps & { reproduction: IReproduction }): JSX.Element {
  const { trans, execute } = useView();
  const { model, reproduction, onCell } = props;
  const now = useNow(60);
  const facts = [
    trans.__('numbers equal within %1 of their size', reproduction.tolerance),
    reproduction.environment
      ? trans.__('packages installed anew from the record')
      : trans.__('packages as they were installed')
  ];
  return (
    <>
      <section aria-label={trans.__('Verdict')}>
        <p className="trackbook-Failure-title">
          <ReproductionIcon mark={reproduction} isQuiet />
          <strong>{capital(verdictWord(reproduction.verdict, trans))}</strong>
          <span className="trackbook-Quiet" title={formatMoment(reproduction.at)}>
            {formatRelative(reproduction.at, now)}
          </span>
        </p>
        {reproduction.reason && <p>{reproduction.reason}</p>}
        <p className="trackbook-Quiet">{facts.join(' · ')}</p>
        <p className="trackbook-ReproductionTab-links">
          <button
            className="trackbook-Link"
            onClick={() =>
              execute(CommandIDs.openRun, { project: model.project, run: reproduction.run_id })
            }
          >
            {trans.__('Open the run that repeated it')}
          </button>
          <button
            className="trackbook-Link"
            onClick={() =>
              execute(CommandIDs.compareRuns, {
                project: model.project,
                runs: [model.id, reproduction.run_id]
              })
            }
          >
            {trans.__('Compare both')}
          </button>
        </p>
      </section>
      <Results reproduction={reproduction} onCell={onCell} />
      <Deviations deviations={reproduction.deviations} />
    </>
  );
}

/** What was compared: counts by kind, then what is worth a look, and the metrics. */
function Results(props: {
  reproduction: IReproduction;
  onCell(order: number): void;
}): JSX.Element | null {
  const { trans } = useView();
  const { compared, held, checks } = props.reproduction;
  const kinds = (Object.keys(compared) as CheckKind[]).filter(kind => compared[kind]);
  if (!kinds.length && !checks.length) {
    return null;
  }
  const sums = kinds.map(kind =>
    trans.__('%1: %2 of %3 hold', kindWord(kind, trans), held[kind] ?? 0, compared[kind])
  );
  return (
    <section aria-label={trans.__('Results')}>
      <h3>{trans.__('Results')}</h3>
      <p className="trackbook-Quiet">{sums.join(' · ')}</p>
      {checks.length > 0 && (
        <div className="trackbook-Scroll">
          <table className="trackbook-Table">
            <thead>
              <tr>
                <th scope="col">{trans.__('Result')}</th>
                <th scope="col">{trans.__('Holds')}</th>
                <th scope="col">{trans.__('Recorded')}</th>
                <th scope="col">{trans.__('Repeated')}</th>
                <th scope="col">{trans.__('What is different')}</th>
              </tr>
            </thead>
            <tbody>
              {checks.map((check, place) => (
                <CheckRow key={place} check={check} onCell={props.onCell} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function CheckRow(props: { check: ICheck; onCell(order: number): void }): JSX.Element {
  const { trans } = useView();
  const { kind, name, status, message, expected, actual, order } = props.check;
  return (
    <tr className={`trackbook-mod-${status}`}>
      <th scope="row" title={kindWord(kind, trans)}>
        {order === null ? (
          name
        ) : (
          <button className="trackbook-Link" onClick={() => props.onCell(order)}>
            {name}
          </button>
        )}
      </th>
      <td>
        <CheckIcon status={status} /> {checkWord(status, trans)}
      </td>
      <td className="trackbook-mod-value">{expected || '–'}</td>
      <td className="trackbook-mod-value">{actual || '–'}</td>
      <td className="trackbook-mod-value">
        <Prose text={message} />
      </td>
    </tr>
  );
}

function CheckIcon({ status }: { status: CheckStatus }): JSX.Element {
  switch (status) {
    case 'holds':
      return <StatusIcon status="ok" />;
    case 'not_compared':
      return <StatusIcon status="pruned" />;
    default:
      return <StatusIcon status="failed" />;
  }
}

/** What was not as it was when the run was recorded: it may be why results differ. */
function Deviations({ deviations }: { deviations: readonly IDeviation[] }): JSX.Element {
  const { trans } = useView();
  return (
    <section aria-label={trans.__('What was different')}>
      <h3>{trans.__('What was different')}</h3>
      {deviations.length ? (
        <ul className="trackbook-Deviations">
          {deviations.map((deviation, place) => (
            <li key={place}>
              <span className="trackbook-Finding">{deviationWord(deviation, trans)}</span>{' '}
              <Prose text={deviation.message || deviation.name} />
            </li>
          ))}
        </ul>
      ) : (
        <p className="trackbook-Quiet">
          {trans.__('Nothing: data, packages, code and machine were as they were recorded.')}
        </p>
      )}
    </section>
  );
}

function kindWord(kind: CheckKind, trans: TranslationBundle): string {
  const words: Readonly<Record<CheckKind, string>> = {
    metric: trans.__('metrics'),
    output: trans.__('outputs of cells'),
    artifact: trans.__('artifacts'),
    value: trans.__('values'),
    status: trans.__('ending')
  };
  return words[kind] ?? kind;
}

function checkWord(status: CheckStatus, trans: TranslationBundle): string {
  const words: Readonly<Record<CheckStatus, string>> = {
    holds: trans.__('holds'),
    differs: trans.__('differs'),
    missing: trans.__('missing'),
    extra: trans.__('new'),
    not_compared: trans.__('not compared')
  };
  return words[status] ?? status;
}

function deviationWord({ kind }: IDeviation, trans: TranslationBundle): string {
  const words: Readonly<Record<IDeviation['kind'], string>> = {
    data: trans.__('data'),
    package: trans.__('package'),
    python: trans.__('Python'),
    platform: trans.__('platform'),
    git: trans.__('git'),
    module: trans.__('module'),
    seed: trans.__('seed'),
    kernel: trans.__('kernel'),
    cell: trans.__('cell'),
    param: trans.__('parameter')
  };
  return words[kind] ?? kind;
}

function capital(word: string): string {
  return word.charAt(0).toLocaleUpperCase() + word.slice(1);
}
