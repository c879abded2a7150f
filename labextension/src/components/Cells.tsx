import * as React from 'react';

import { type ApiError, toApiError } from '../client/errors';
import type { ICellContent, ICellExecution, IRunDetail } from '../client/types';
import type { IFinding } from '../client/verdict';
import { formatDuration, formatMoment } from '../format';
import { placeFindings } from '../models/findings';
import type { RunModel } from '../models/run';
import { useLoaded } from './loaded';
import { ErrorNote } from './Notes';
import { useRender, useSource } from './rendering';
import { useSeen } from './seen';
import { StatusIcon } from './Status';
import { Traceback } from './Traceback';
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
  const failed = detail.cells.filter(cell => cell.status === 'error').pop()?.order ?? null;
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
  const { trans } = useView();
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
        <code>{cell.count === null ? 'In [ ]' : `In [${cell.count}]`}</code>
        <span className="trackbook-Cell-bar" aria-hidden="true">
          <span style={{ width: `${Math.max(1, props.share * 100)}%` }} />
        </span>
        <span className="trackbook-Cell-duration" title={formatMoment(cell.started)}>
          {cell.status === 'running' ? trans.__('running') : formatDuration(cell.duration)}
        </span>
      </div>
      <Names cell={cell} />
      <FindingList findings={props.findings} />
      {isSeen && <Content model={model} cell={cell} />}
    </li>
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

function Content({ model, cell }: { model: RunModel; cell: ICellExecution }): JSX.Element {
  const { trans } = useView();
  const [content, setContent] = React.useState<ICellContent | null>(null);
  const [error, setError] = React.useState<ApiError | null>(null);
  const isRunning = cell.status === 'running';
  const version = isRunning ? model.version : cell.status;
  React.useEffect(() => {
    let isGone = false;
    model.cell(cell).then(
      answer => !isGone && setContent(answer),
      (reason: unknown) => !isGone && setError(toApiError(reason))
    );
    return () => {
      isGone = true;
    };
  }, [model, cell, version]);
  if (error) {
    return <ErrorNote error={error} />;
  }
  if (!content) {
    return <div className="trackbook-Cell-waiting" />;
  }
  const hasError = content.outputs.some(isErrorOutput);
  return (
    <>
      <Source source={content.source} />
      {content.outputs.map((output, place) => (
        <Output key={place} output={output} />
      ))}
      {cell.error && !hasError && <Traceback lines={cell.error.traceback} />}
      {cell.truncated && (
        <p className="trackbook-Quiet">{trans.__('The outputs were longer than what is kept.')}</p>
      )}
    </>
  );
}

function Source({ source }: { source: string }): JSX.Element {
  return <pre ref={useSource(source)} className="trackbook-Source" />;
}

function Output({ output }: { output: unknown }): JSX.Element {
  return <div ref={useRender(output)} className="trackbook-Output" />;
}

function isErrorOutput(output: unknown): boolean {
  return (output as { output_type?: string } | null)?.output_type === 'error';
}
