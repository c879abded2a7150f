import * as React from 'react';

import { type ApiError, toApiError } from '../client/errors';
import type { ICellContent, ICellExecution, IRunDetail } from '../client/types';
import { formatDuration, formatMoment } from '../format';
import type { RunModel } from '../models/run';
import { ErrorNote } from './Notes';
import { useRender, useSource } from './rendering';
import { StatusIcon } from './Status';
import { Traceback } from './Traceback';
import { classes, useModel, useView } from './view';

/** The cells of a run in the order in which they ran; a run that failed opens where it did. */
export function Cells({ model, detail }: { model: RunModel; detail: IRunDetail }): JSX.Element {
  const { trans } = useView();
  useModel(model);
  const failed = detail.cells.filter(cell => cell.status === 'error').pop()?.order ?? null;
  if (!detail.cells.length) {
    return <p className="trackbook-Quiet">{trans.__('No cell was recorded in this run.')}</p>;
  }
  const longest = Math.max(...detail.cells.map(cell => cell.duration ?? 0));
  return (
    <ol className="trackbook-Cells">
      {detail.cells.map(cell => (
        <Cell
          key={cell.order}
          model={model}
          cell={cell}
          share={longest > 0 ? (cell.duration ?? 0) / longest : 0}
          isTarget={cell.order === failed}
        />
      ))}
    </ol>
  );
}

function Cell(props: {
  model: RunModel;
  cell: ICellExecution;
  /** How long it took, as a part of the longest. */
  share: number;
  isTarget: boolean;
}): JSX.Element {
  const { trans } = useView();
  const { cell, model, isTarget } = props;
  const item = React.useRef<HTMLLIElement>(null);
  const isSeen = useSeen(item);
  React.useEffect(() => {
    if (isTarget) {
      item.current?.scrollIntoView({ block: 'center' });
    }
  }, [isTarget]);
  return (
    <li ref={item} className={classes('trackbook-Cell', isTarget && 'trackbook-mod-target')}>
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
      {isSeen && <Content model={model} cell={cell} />}
    </li>
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

/** Whether the element has come near to what can be seen; what has stays so. */
function useSeen(element: React.RefObject<HTMLElement>): boolean {
  const [isSeen, setSeen] = React.useState(false);
  React.useEffect(() => {
    if (!element.current || isSeen) {
      return;
    }
    const observer = new IntersectionObserver(
      entries => setSeen(entries.some(entry => entry.isIntersecting)),
      { rootMargin: '400px' }
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element, isSeen]);
  return isSeen;
}
