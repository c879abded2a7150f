import * as React from 'react';

import type { IComparedCell, IComparison } from '../client/compare';
import { type IDiffLine, lineDiff } from './lineDiff';
import { classes, useView } from './view';

/** The cells of two of the compared runs, side by side. */
export function CompareCells({ comparison }: { comparison: IComparison }): JSX.Element {
  const { trans } = useView();
  const { runs, cells } = comparison;
  const [chosen, setChosen] = React.useState({ left: 0, right: 1 });
  const left = Math.min(chosen.left, runs.length - 1);
  const right = Math.min(chosen.right, runs.length - 1);
  if (!cells.length) {
    return <p className="trackbook-Quiet">{trans.__('The cells of these runs are the same.')}</p>;
  }
  const options = runs.map((run, place) => (
    <option key={run.id} value={place}>
      {run.experiment} #{run.number}
    </option>
  ));
  const pairs = cells.filter(cell => cell.sources[left] !== null || cell.sources[right] !== null);
  return (
    <div className="trackbook-CompareCells">
      <div className="trackbook-CompareCells-heads">
        <select
          className="trackbook-Select"
          aria-label={trans.__('Left run')}
          value={left}
          onChange={event => setChosen({ left: Number(event.target.value), right })}
        >
          {options}
        </select>
        <select
          className="trackbook-Select"
          aria-label={trans.__('Right run')}
          value={right}
          onChange={event => setChosen({ left, right: Number(event.target.value) })}
        >
          {options}
        </select>
      </div>
      {pairs.map((cell, place) => (
        <CellPair key={cell.cell_id ?? place} cell={cell} left={left} right={right} />
      ))}
    </div>
  );
}

function CellPair(props: { cell: IComparedCell; left: number; right: number }): JSX.Element {
  const { cell, left, right } = props;
  const [a, b] = [cell.sources[left], cell.sources[right]];
  const lines = React.useMemo(() => pairLines(a, b), [a, b]);
  return (
    <table className="trackbook-Diff">
      <thead>
        <tr>
          <SideHead order={cell.orders[left]} status={cell.status[left]} />
          <SideHead order={cell.orders[right]} status={cell.status[right]} />
        </tr>
      </thead>
      <tbody>
        {lines.map((line, place) => (
          <tr key={place}>
            <Side text={line.left} mark={line.isSame ? null : 'removed'} />
            <Side text={line.right} mark={line.isSame ? null : 'added'} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function SideHead(props: { order: number | null; status: string | null }): JSX.Element {
  const { trans } = useView();
  const { order, status } = props;
  const text = order === null ? trans.__('not run') : trans.__('execution %1', order);
  return (
    <th scope="col">
      {text}
      {status === 'error' && ` · ${trans.__('failed')}`}
    </th>
  );
}

function Side(props: { text: string | null; mark: 'added' | 'removed' | null }): JSX.Element {
  const { trans } = useView();
  const { text, mark } = props;
  const isMarked = mark !== null && text !== null;
  const word = mark === 'added' ? trans.__('added') : trans.__('removed');
  return (
    <td
      className={classes(
        isMarked && `trackbook-mod-${mark}`,
        text === null && 'trackbook-mod-absent'
      )}
    >
      {isMarked && <span className="trackbook-ReadersOnly">{word} </span>}
      {text}
    </td>
  );
}

/** A cell that only one of the runs has stands on its side alone. */
function pairLines(a: string | null, b: string | null): IDiffLine[] {
  if (a !== null && b !== null) {
    return lineDiff(a, b);
  }
  const lines = (a ?? b ?? '').split('\n');
  return lines.map(line => ({
    left: a === null ? null : line,
    right: b === null ? null : line,
    isSame: false
  }));
}
