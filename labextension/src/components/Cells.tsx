import * as React from 'react';

import type { ICellExecution, IRunDetail } from '../client/types';
import type { IFinding } from '../client/verdict';
import { formatBytes, formatDuration, formatMoment } from '../format';
import { failedCell } from '../models/failure';
import { placeFindings } from '../models/findings';
import type { RunModel } from '../models/run';
import { CellContent } from './CellContent';
import { useLoaded } from './loaded';
import { RunningDuration } from './RunRow';
import { useSeen } from './seen';
import { StatusIcon } from './Status';
import { FindingList, Verdict } from './Verdict';
import { classes, useModel, useView } from './view';

/** The cells of a run in the order in which they ran; a run that failed opens where it did. */
export function Cells(props: {
  model: RunModel;
  detail: IRunDetail;
  /** The order of the execution that is asked for; null: none. */
  shown: number | null;
}): JSX.Element {
  const { trans } = useView();
  const { model, detail, shown } = props;
  useModel(model);
  const load = React.useMemo(
    () => () => model.verdict(),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- another state of the run has another verdict
    [model, detail]
  );
  const { value: verdict } = useLoaded(load);
  const findings = React.useMemo(
    () => verdict && placeFindings(verdict, detail.cells),
    [verdict, detail.cells]
  );
  const failed = failedCell(detail)?.order ?? null;
  if (!detail.cells.length) {
    return <p className="trackbook-Quiet">{trans.__('No cell was recorded in this run.')}</p>;
  }
  const longest = Math.max(...detail.cells.map(cell => cell.duration ?? 0));
  return (
    <>
      {verdict && findings && <Verdict verdict={verdict} findings={findings} />}
      <ol className="trackbook-Cells">
        {detail.cells.map(cell => (
          <Cell
            key={cell.order}
            model={model}
            cell={cell}
            share={longest > 0 ? (cell.duration ?? 0) / longest : 0}
            findings={findings?.byOrder.get(cell.order) ?? []}
            isFailed={cell.order === failed}
            isShown={cell.order === (shown ?? failed)}
          />
        ))}
      </ol>
    </>
  );
}

function Cell(props: {
  model: RunModel;
  cell: ICellExecution;
  /** How long it took, as a part of the longest. */
  share: number;
  findings: readonly IFinding[];
  isFailed: boolean;
  /** The page scrolls to it. */
  isShown: boolean;
}): JSX.Element {
  const { cell, model, isFailed, isShown } = props;
  const item = React.useRef<HTMLLIElement>(null);
  const isSeen = useSeen(item);
  React.useEffect(() => {
    if (isShown) {
      item.current?.scrollIntoView({ block: 'center' });
    }
  }, [isShown]);
  return (
    <li
      ref={item}
      className={classes(
        'trackbook-Cell',
        isFailed && 'trackbook-mod-target',
        isShown && 'trackbook-mod-shown'
      )}
      aria-current={isShown || undefined}
    >
      <div className="trackbook-Cell-head">
        <span className="trackbook-Cell-order">{cell.order}</span>
        <StatusIcon status={cell.status} />
        <code>{`In [${cell.count ?? ' '}]`}</code>
        <span className="trackbook-Cell-bar" aria-hidden="true">
          <span style={{ width: `${Math.max(1, props.share * 100)}%` }} />
        </span>
        <Memory cell={cell} />
        <Duration cell={cell} />
      </div>
      <Names cell={cell} />
      <FindingList findings={props.findings} />
      {isSeen && <CellContent model={model} cell={cell} />}
    </li>
  );
}

/** The most memory that the kernel had while the cell ran; only jobs measure it. */
function Memory({ cell }: { cell: ICellExecution }): JSX.Element | null {
  const { trans } = useView();
  if (cell.memory === null) {
    return null;
  }
  return (
    <span className="trackbook-Cell-memory" title={trans.__('The most memory meanwhile')}>
      {formatBytes(cell.memory)}
    </span>
  );
}

function Duration({ cell }: { cell: ICellExecution }): JSX.Element {
  const { trans } = useView();
  const lines = [formatMoment(cell.started)];
  if (cell.cpu !== null) {
    lines.push(trans.__('processor time %1', formatDuration(cell.cpu)));
  }
  return (
    <span className="trackbook-Cell-duration" title={lines.join('\n')}>
      {cell.status === 'running' ? (
        <RunningDuration started={cell.started} />
      ) : (
        formatDuration(cell.duration)
      )}
    </span>
  );
}

/** The names that a cell read and wrote. */
function Names({ cell }: { cell: ICellExecution }): JSX.Element | null {
  const { trans } = useView();
  const { reads, writes } = cell;
  if (!reads.length && !writes.length) {
    return null;
  }
  return (
    <p className="trackbook-Cell-names">
      {reads.length > 0 && (
        <span>
          {trans.__('reads')} <code>{reads.join(', ')}</code>
        </span>
      )}
      {writes.length > 0 && (
        <span>
          {trans.__('writes')} <code>{writes.join(', ')}</code>
        </span>
      )}
    </p>
  );
}
