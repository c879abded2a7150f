import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IResumedCell, IResumption } from '../client/resumption';
import { CommandIDs } from '../commandIds';
import { formatDuration } from '../format';
import type { RunModel } from '../models/run';
import { useLoaded } from './loaded';
import { useModel, useView } from './view';

/** How many of the cells that run again are named. */
const NAMED = 8;

/** How to go on with a run that failed: what would run again, and the buttons that do it. */
export function Resumption({ model }: { model: RunModel }): JSX.Element | null {
  const { trans, execute } = useView();
  useModel(model);
  const job = model.run?.source.job_id ?? null;
  const status = model.run?.status;
  const load = React.useMemo(
    () => (job === null || status === 'running' ? null : () => model.resumption()),
    [model, job, status]
  );
  const { value, error } = useLoaded(load);
  if (!load || (error && error.status === 404)) {
    return null;
  }
  if (error) {
    return <p className="trackbook-Quiet">{error.message}</p>;
  }
  if (!value) {
    return <div className="trackbook-Cell-waiting" />;
  }
  const args = { project: model.project, run: model.id };
  return (
    <section className="trackbook-Resumption" aria-label={trans.__('Going on')}>
      <p>{value.possible ? planText(value, trans) : reasonText(value, trans)}</p>
      {value.possible && value.reason && <p className="trackbook-Quiet">{value.reason}</p>}
      {value.possible && <Again cells={value.cells.filter(cell => cell.again)} />}
      <div className="trackbook-Details-actions">
        <button
          className="trackbook-Button trackbook-mod-primary"
          disabled={!value.possible}
          title={trans.__('With the notebook as it stands in the editor, unsaved changes included')}
          onClick={() => execute(CommandIDs.resumeRun, args)}
        >
          {trans.__('Resume')}
        </button>
        <button
          className="trackbook-Button"
          title={trans.__('Open a console in the state in which the cell failed')}
          onClick={() => execute(CommandIDs.debugRun, args)}
        >
          {trans.__('Debug')}
        </button>
      </div>
    </section>
  );
}

function Again({ cells }: { cells: readonly IResumedCell[] }): JSX.Element | null {
  const { trans } = useView();
  const rest = cells.length - NAMED;
  if (!cells.length) {
    return null;
  }
  return (
    <details className="trackbook-Fold">
      <summary>{trans._n('%1 cell runs', '%1 cells run', cells.length)}</summary>
      <ol className="trackbook-Resumption-cells">
        {cells.slice(0, NAMED).map(cell => (
          <li key={cell.id} value={cell.number}>
            <code>{cell.source || trans.__('cell %1', cell.number)}</code>
            {cell.duration !== null && (
              <span className="trackbook-Quiet"> {formatDuration(cell.duration)}</span>
            )}
            {cell.reason && <span className="trackbook-Quiet"> {cell.reason}</span>}
          </li>
        ))}
      </ol>
      {rest > 0 && <p className="trackbook-Quiet">{trans._n('%1 more', '%1 more', rest)}</p>}
    </details>
  );
}

function planText({ from_cell: from, how }: IResumption, trans: TranslationBundle): string {
  const cell = from?.number ?? 1;
  return how === 'snapshot'
    ? trans.__('Correct the notebook, then go on at cell %1: the state before it was kept.', cell)
    : trans.__(
        'Correct the notebook, then go on at cell %1. What it needs of the cells before it runs again.',
        cell
      );
}

function reasonText({ reason }: IResumption, trans: TranslationBundle): string {
  return reason ?? trans.__('This run can’t be gone on with.');
}
