import * as React from 'react';

import type { IComparedRun } from '../client/compare';
import type { INotebookSide } from '../client/differences';
import { CommandIDs } from '../commandIds';
import { keyOf, type NotebookDifferencesModel } from '../models/notebookDifferences';
import { CellDifference } from './CellDifference';
import { ErrorNote, Loading, Warning } from './Notes';
import { useModel, useView } from './view';

/** The notebooks of two of the compared runs, cell by cell. */
export function NotebookDifferences(props: {
  model: NotebookDifferencesModel;
  runs: readonly IComparedRun[];
}): JSX.Element {
  const { trans } = useView();
  const { model, runs } = props;
  useModel(model);
  const ids = runs.map(run => run.id);
  const shown = model.runs?.every(id => ids.includes(id)) ? model.runs : [ids[0], ids[1]];
  const [left, right] = shown;
  React.useEffect(() => model.show(left, right), [model, left, right]);
  const { differences, error } = model;
  return (
    <div className="trackbook-NotebookDifferences">
      <Heads model={model} runs={runs} left={left} right={right} />
      {error && <ErrorNote error={error} onRetry={() => void model.refresh()} />}
      {differences ? (
        <>
          <Problems sides={[differences.left, differences.right]} />
          {!differences.cells.length && (
            <p className="trackbook-Quiet">
              {trans.__('The cells of these runs are the same: source, order and outputs.')}
            </p>
          )}
          {differences.cells.map((cell, place) => (
            <CellDifference
              key={keyOf(cell)}
              model={model}
              cell={cell}
              mimetype={(cell.right ? differences.right : differences.left).mimetype}
              isCurrent={place === model.current}
            />
          ))}
          {!model.all && differences.equal > 0 && (
            <p className="trackbook-Quiet">
              {trans._n(
                '%1 cell is the same in both.',
                '%1 cells are the same in both.',
                differences.equal
              )}
            </p>
          )}
        </>
      ) : (
        !error && <Loading label={trans.__('Comparing the cells…')} />
      )}
    </div>
  );
}

function Heads(props: {
  model: NotebookDifferencesModel;
  runs: readonly IComparedRun[];
  left: string;
  right: string;
}): JSX.Element {
  const { trans, execute } = useView();
  const { model, runs, left, right } = props;
  const differing = model.differences?.cells.filter(cell => cell.changes.length).length ?? 0;
  return (
    <div className="trackbook-NotebookDifferences-heads">
      <RunSelect
        label={trans.__('Left run')}
        runs={runs}
        value={left}
        onChange={id => model.show(id, id === right ? left : right)}
      />
      <button
        className="trackbook-IconButton"
        title={trans.__('Swap the sides')}
        aria-label={trans.__('Swap the sides')}
        onClick={() => model.show(right, left)}
      >
        ⇄
      </button>
      <RunSelect
        label={trans.__('Right run')}
        runs={runs}
        value={right}
        onChange={id => model.show(id === left ? right : left, id)}
      />
      <span className="trackbook-Spacer" />
      <span className="trackbook-Quiet" role="status">
        {model.differences && trans._n('%1 cell differs', '%1 cells differ', differing)}
      </span>
      <button
        className="trackbook-Button"
        disabled={!differing}
        title={trans.__('Shift+F7')}
        onClick={() => execute(CommandIDs.previousDifference)}
      >
        {trans.__('Previous')}
      </button>
      <button
        className="trackbook-Button"
        disabled={!differing}
        title={trans.__('F7')}
        onClick={() => execute(CommandIDs.nextDifference)}
      >
        {trans.__('Next difference')}
      </button>
    </div>
  );
}

function RunSelect(props: {
  label: string;
  runs: readonly IComparedRun[];
  value: string;
  onChange(id: string): void;
}): JSX.Element {
  return (
    <select
      className="trackbook-Select"
      aria-label={props.label}
      value={props.value}
      onChange={event => props.onChange(event.target.value)}
    >
      {props.runs.map(run => (
        <option key={run.id} value={run.id}>
          {run.experiment} #{run.number}
        </option>
      ))}
    </select>
  );
}

function Problems({ sides }: { sides: readonly INotebookSide[] }): JSX.Element | null {
  const { trans } = useView();
  const told = sides.flatMap(side => {
    const texts = [
      side.problem,
      side.running ? trans.__('The run goes on; its cells follow.') : null
    ];
    return texts.filter(Boolean).map(text => `#${side.number}: ${text}`);
  });
  return told.length ? (
    <ul className="trackbook-NotebookDifferences-problems">
      {told.map(text => (
        <li key={text}>
          <Warning text={text} />
        </li>
      ))}
    </ul>
  ) : null;
}
