import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Pruner, Sampler } from '../client/sweeps';
import type { JobFormModel } from '../models/jobForm';
import type { SweepProblem } from '../models/sweepOptions';
import type { SharedCells } from '../models/sharedCells';
import { Objectives } from './Objectives';
import { useModel, useView } from './view';

const SAMPLERS: readonly Sampler[] = ['grid', 'random', 'tpe', 'cmaes', 'nsga2'];
const PRUNERS: readonly Pruner[] = ['none', 'median', 'percentile', 'asha', 'hyperband'];

/** How a sweep goes about it: which values it tries, how many, what for, and when it gives one up. */
export function SweepOptions({ model }: { model: JobFormModel }): JSX.Element {
  const { trans } = useView();
  const { sweepOptions: options, sweepProblems: problems, sampler, count } = model;
  const [samplerId, trialsId, prunerId, seedId] = [
    React.useId(),
    React.useId(),
    React.useId(),
    React.useId()
  ];
  return (
    <section>
      <h3>{trans.__('Sweep')}</h3>
      <div className="trackbook-JobForm-options">
        <label htmlFor={samplerId}>{trans.__('Values are chosen')}</label>
        <span>
          <select
            id={samplerId}
            className="trackbook-Select"
            value={sampler}
            aria-invalid={problems.sampler !== undefined}
            onChange={event => model.setSweepOptions({ sampler: event.target.value as Sampler })}
          >
            {SAMPLERS.map(name => (
              <option key={name} value={name}>
                {samplerText(name, trans)}
              </option>
            ))}
          </select>
          {sampler === 'grid' && count !== null && (
            <span className="trackbook-Quiet trackbook-JobForm-note" role="status">
              {trans._n('%1 combination', '%1 combinations', count)}
            </span>
          )}
        </span>
        <Problem problem={problems.sampler} />
        {sampler !== 'grid' && (
          <>
            <label htmlFor={trialsId}>{trans.__('Trials')}</label>
            <span className="trackbook-JobForm-unit">
              <input
                id={trialsId}
                className="trackbook-Input"
                inputMode="numeric"
                value={options.trials}
                aria-invalid={problems.trials !== undefined}
                onChange={event => model.setSweepOptions({ trials: event.target.value })}
              />{' '}
              {trans.__('at most')}
            </span>
            <Problem problem={problems.trials} />
          </>
        )}
        <span id={`${samplerId}-objectives`}>{trans.__('Looking for')}</span>
        <Objectives
          objectives={options.objectives}
          metrics={model.metrics}
          labelledBy={`${samplerId}-objectives`}
          isWrong={problems.objectives !== undefined}
          onChange={objectives => model.setSweepOptions({ objectives })}
        />
        <Problem problem={problems.objectives} />
        <label htmlFor={prunerId}>{trans.__('Hopeless trials')}</label>
        <select
          id={prunerId}
          className="trackbook-Select"
          value={options.pruner}
          onChange={event => model.setSweepOptions({ pruner: event.target.value as Pruner })}
        >
          {PRUNERS.map(name => (
            <option key={name} value={name}>
              {prunerText(name, trans)}
            </option>
          ))}
        </select>
        {sampler !== 'grid' && (
          <>
            <label htmlFor={seedId}>{trans.__('Seed')}</label>
            <span className="trackbook-JobForm-unit">
              <input
                id={seedId}
                className="trackbook-Input"
                inputMode="numeric"
                value={options.seed}
                placeholder={trans.__('any')}
                aria-invalid={problems.seed !== undefined}
                onChange={event => model.setSweepOptions({ seed: event.target.value })}
              />{' '}
              {trans.__('the same seed tries the same values')}
            </span>
            <Problem problem={problems.seed} />
          </>
        )}
        <span>{trans.__('Cells that all trials share')}</span>
        <label className="trackbook-Check">
          <input
            type="checkbox"
            checked={options.sharePrefix}
            onChange={event => model.setSweepOptions({ sharePrefix: event.target.checked })}
          />{' '}
          {trans.__('run once: those before the first that depends on a swept parameter')}
        </label>
        {options.sharePrefix && <Shared model={model.shared} />}
      </div>
    </section>
  );
}

/** Which cells run once, and why others don't. */
function Shared({ model }: { model: SharedCells }): JSX.Element | null {
  const { trans } = useView();
  useModel(model);
  const { sharing, error } = model;
  if (error) {
    return (
      <span className="trackbook-JobForm-shared trackbook-Quiet" role="status">
        {trans.__('Which cells these are can’t be told: %1', error.message)}
      </span>
    );
  }
  return (
    <div className="trackbook-JobForm-shared" role="status">
      {sharing && (
        <>
          <p>{sharing.summary}</p>
          {sharing.cells.length > 0 && (
            <ol aria-label={trans.__('Cells that run once')} tabIndex={0}>
              {sharing.cells.map(({ cell, source }) => (
                <li key={cell}>
                  <span>{trans.__('Cell %1', cell)}</span> <code>{source}</code>
                </li>
              ))}
            </ol>
          )}
          {sharing.remarks.map(remark => (
            <p key={remark} className="trackbook-Quiet">
              {remark}
            </p>
          ))}
        </>
      )}
    </div>
  );
}

function Problem({ problem }: { problem: SweepProblem | undefined }): JSX.Element | null {
  const { trans } = useView();
  return problem ? (
    <span className="trackbook-FieldError" role="alert">
      {sweepProblemText(problem, trans)}
    </span>
  ) : null;
}

function samplerText(sampler: Sampler, trans: TranslationBundle): string {
  const texts: Readonly<Record<Sampler, string>> = {
    grid: trans.__('every combination (grid)'),
    random: trans.__('at random'),
    tpe: trans.__('by what came of earlier ones (TPE)'),
    cmaes: trans.__('by an evolving distribution (CMA-ES)'),
    nsga2: trans.__('by breeding, for several objectives (NSGA-II)')
  };
  return texts[sampler];
}

function prunerText(pruner: Pruner, trans: TranslationBundle): string {
  const texts: Readonly<Record<Pruner, string>> = {
    none: trans.__('run to their end'),
    median: trans.__('stop when worse than half of the others'),
    percentile: trans.__('stop when not among the best quarter'),
    asha: trans.__('stop by successive halving (ASHA)'),
    hyperband: trans.__('stop by Hyperband'),
    threshold: trans.__('stop beyond a threshold')
  };
  return texts[pruner];
}

function sweepProblemText(problem: SweepProblem, trans: TranslationBundle): string {
  switch (problem) {
    case 'count':
      return trans.__('A whole number from 1 to 100000');
    case 'seed':
      return trans.__('A whole number from 0 up');
    case 'objective':
      return trans.__('The metric that is to become great or small');
    case 'oneObjective':
      return trans.__('One metric only: neither stopping trials nor CMA-ES knows more');
    case 'twice':
      return trans.__('Each metric once');
    case 'step':
      return trans.__('A grid needs a step for each range of numbers');
    case 'numbers':
      return trans.__('CMA-ES takes ranges of numbers only');
  }
}
