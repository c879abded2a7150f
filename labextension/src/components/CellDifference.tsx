import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type {
  CellChange,
  ICellComparison,
  ICellDifference,
  ISideCell
} from '../client/differences';
import type { NotebookDifferencesModel } from '../models/notebookDifferences';
import { useLoaded } from './loaded';
import { useCellDiff, useNbdime } from './nbdime';
import { ErrorNote, Loading } from './Notes';
import { useSeen } from './seen';
import { statusWord } from './Status';
import { classes, useView } from './view';

export interface ICellDifferenceProps {
  model: NotebookDifferencesModel;
  cell: ICellDifference;
  mimetype: string;
  isCurrent: boolean;
}

/** One cell of two runs: a line that says what differs, and below it both sides once it is opened and seen. */
export function CellDifference(props: ICellDifferenceProps): JSX.Element {
  const { trans } = useView();
  const { model, cell, isCurrent } = props;
  const box = React.useRef<HTMLElement>(null);
  const button = React.useRef<HTMLButtonElement>(null);
  const isSeen = useSeen(box);
  const isOpen = model.isOpen(cell);
  React.useEffect(() => {
    if (isCurrent) {
      box.current?.scrollIntoView?.({ block: 'start' });
      button.current?.focus({ preventScroll: true });
    }
  }, [isCurrent]);
  const words = cell.changes.map(change => changeWord(change, trans));
  return (
    <section
      ref={box}
      className={classes('trackbook-CellDifference', isCurrent && 'trackbook-mod-current')}
      aria-label={trans.__('Cell: %1', firstLine(cell))}
    >
      <button
        ref={button}
        className="trackbook-CellDifference-head"
        aria-expanded={isOpen}
        onClick={() => model.toggle(cell)}
      >
        <span
          className={classes('trackbook-RunRow-caret', isOpen && 'trackbook-mod-open')}
          aria-hidden="true"
        />
        <span className="trackbook-CellDifference-order">{orders(cell, trans)}</span>
        <code className="trackbook-CellDifference-line">{firstLine(cell)}</code>
        <span className="trackbook-CellDifference-words">
          {words.length ? words.join(' · ') : trans.__('the same')}
        </span>
      </button>
      <Facts cell={cell} />
      {isOpen && (isSeen ? <Content {...props} /> : <div className="trackbook-Cell-waiting" />)}
    </section>
  );
}

function Content(props: ICellDifferenceProps): JSX.Element {
  const { trans } = useView();
  const { model, cell, mimetype } = props;
  const [all, setAll] = React.useState(false);
  const load = React.useMemo(() => () => model.cell(cell, all), [model, cell, all]);
  const { value, error } = useLoaded(load);
  const { nbdime, failed } = useNbdime(true);
  if (error) {
    return <ErrorNote error={error} />;
  }
  if (failed) {
    return (
      <p className="trackbook-Quiet">
        {trans.__('What shows differences could not be loaded; reload JupyterLab.')}
      </p>
    );
  }
  if (!value || !nbdime) {
    return <Loading label={trans.__('Loading…')} />;
  }
  return (
    <>
      <Diff nbdime={nbdime} comparison={value} mimetype={mimetype} />
      {value.cut && (
        <button className="trackbook-Button" onClick={() => setAll(true)}>
          {trans.__('Show all of the outputs')}
        </button>
      )}
    </>
  );
}

function Diff(props: {
  nbdime: Parameters<typeof useCellDiff>[0];
  comparison: ICellComparison;
  mimetype: string;
}): JSX.Element {
  const { nbdime, comparison, mimetype } = props;
  const box = useCellDiff(nbdime, comparison, mimetype);
  return (
    <div ref={box} className="trackbook-CellDifference-content nbdime-root jp-Notebook-diff" />
  );
}

/** What is to be known of a cell beside its difference: that it ran several times, was edited since, is lost. */
function Facts({ cell }: { cell: ICellDifference }): JSX.Element | null {
  const { trans } = useView();
  const sides: [string, ISideCell | null][] = [
    [trans.__('Left:'), cell.left],
    [trans.__('Right:'), cell.right]
  ];
  const lines = sides.flatMap(([name, side]) => {
    const facts = side ? factsOf(side, trans) : [];
    return facts.length ? [`${name} ${facts.join(', ')}`] : [];
  });
  return lines.length ? (
    <p className="trackbook-CellDifference-facts">
      {lines.map(line => (
        <span key={line}>{line}</span>
      ))}
    </p>
  ) : null;
}

function factsOf(side: ISideCell, trans: TranslationBundle): string[] {
  const facts: string[] = [];
  if (side.executions > 1) {
    const times = trans.__('ran %1 times', side.executions);
    facts.push(
      side.sources > 1 ? `${times}, ${trans.__('with %1 different texts', side.sources)}` : times
    );
  }
  if (side.edited) {
    facts.push(trans.__('edited after it ran'));
  }
  if (side.deleted) {
    facts.push(trans.__('deleted after it ran'));
  }
  if (side.lost) {
    facts.push(trans.__('its text is not in the store any more'));
  }
  if (side.status !== null && side.status !== 'ok') {
    facts.push(statusText(side, trans));
  }
  return facts;
}

function statusText(side: ISideCell, trans: TranslationBundle): string {
  switch (side.status) {
    case 'error':
      return trans.__('failed');
    case 'running':
      return statusWord('running', trans);
    case 'aborted':
      return trans.__('interrupted');
    case 'timed_out':
      return trans.__('took too long');
    case 'memory':
      return trans.__('ran out of memory');
    default:
      return trans.__('ended with its kernel');
  }
}

/** The places among the executions: "[3] → [4]". */
function orders(cell: ICellDifference, trans: TranslationBundle): string {
  const of = (side: ISideCell) =>
    side.kind !== 'code'
      ? side.kind
      : side.order === null
        ? trans.__('not run')
        : `[${side.order}]`;
  const [left, right] = [cell.left && of(cell.left), cell.right && of(cell.right)];
  return left === right || !left || !right ? (right ?? left ?? '') : `${left} → ${right}`;
}

function firstLine(cell: ICellDifference): string {
  const source = (cell.right ?? cell.left)?.source ?? '';
  return source.split('\n').find(line => line.trim()) ?? '';
}

function changeWord(change: CellChange, trans: TranslationBundle): string {
  switch (change) {
    case 'added':
      return trans.__('added');
    case 'removed':
      return trans.__('removed');
    case 'moved':
      return trans.__('moved');
    case 'kind':
      return trans.__('another kind of cell');
    case 'source':
      return trans.__('source');
    case 'outputs':
      return trans.__('outputs');
    case 'status':
      return trans.__('status');
    case 'order':
      return trans.__('ran in another order');
    case 'executions':
      return trans.__('number of executions');
    case 'metadata':
      return trans.__('metadata');
  }
}
