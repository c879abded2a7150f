import * as React from 'react';

import { type ApiError, toApiError } from '../client/errors';
import type { ICellContent, ICellExecution } from '../client/types';
import type { RunModel } from '../models/run';
import { ErrorNote } from './Notes';
import { useRender, useSource } from './rendering';
import { SourceText } from './SourceText';
import { Traceback } from './Traceback';
import { useNow, useView } from './view';

/** How often the outputs of a running cell are asked for, in ms. */
const LIVE = 1500;

/** The source and outputs of an execution; while the cell runs, those so far. */
export function CellContent(props: {
  model: RunModel;
  cell: ICellExecution;
  /** The traceback is a thing of its own elsewhere. */
  isWithoutError?: boolean;
}): JSX.Element {
  const { trans } = useView();
  const { model, cell } = props;
  const [content, setContent] = React.useState<ICellContent | null>(null);
  const [error, setError] = React.useState<ApiError | null>(null);
  const isRunning = cell.status === 'running';
  const now = useNow(isRunning ? LIVE / 1000 : 3600);
  const version = isRunning ? now : cell.status;
  React.useEffect(() => {
    let isGone = false;
    model.cell(cell, cell.status === 'running').then(
      answer => {
        if (!isGone) {
          setContent(answer);
          setError(null);
        }
      },
      (reason: unknown) => !isGone && setError(toApiError(reason))
    );
    return () => {
      isGone = true;
    };
  }, [model, cell, version]);
  if (error && !content) {
    return <ErrorNote error={error} />;
  }
  if (!content) {
    return <div className="trackbook-Cell-waiting" />;
  }
  const hasError = content.outputs.some(isErrorOutput) || props.isWithoutError;
  const outputs = props.isWithoutError
    ? content.outputs.filter(output => !isErrorOutput(output))
    : content.outputs;
  return (
    <>
      <Source source={content.source} />
      {outputs.map((output, place) => (
        <Output key={place} output={output} />
      ))}
      {cell.error && !hasError && <Traceback lines={cell.error.traceback} />}
      {cell.truncated && (
        <p className="trackbook-Quiet">{trans.__('The outputs were longer than what is kept.')}</p>
      )}
    </>
  );
}

export function Source({ source }: { source: string }): JSX.Element {
  return <SourceText box={useSource(source)} />;
}

function Output({ output }: { output: unknown }): JSX.Element {
  return <div ref={useRender(output)} className="trackbook-Output" />;
}

function isErrorOutput(output: unknown): boolean {
  return (output as { output_type?: string } | null)?.output_type === 'error';
}
