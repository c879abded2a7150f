import * as React from 'react';

import type { IRunDetail } from '../client/types';
import { formatBytes } from '../format';
import type { RunModel } from '../models/run';
import { useLoaded } from './loaded';
import { ErrorNote, Loading } from './Notes';
import { SourceText } from './SourceText';
import { useView } from './view';

/** How much of a log's end is shown. */
const LINES = 40;
/** A log beyond this is not fetched for its end alone, in bytes. */
const LIMIT = 5_000_000;

/** The end of what a job's processes said beside the notebook; nothing where they said nothing. */
export function LogTail(props: {
  model: RunModel;
  detail: IRunDetail;
  /** Whether the log is shown until the user says otherwise. */
  isOpen: boolean;
}): JSX.Element | null {
  const { trans } = useView();
  const { model, detail } = props;
  const [chosen, choose] = React.useState<boolean | null>(null);
  const isOpen = chosen ?? props.isOpen;
  const log = detail.artifacts.find(item => item.kind === 'log');
  if (!log) {
    return null;
  }
  const url = model.artifactUrl(log.path);
  return (
    <details
      className="trackbook-Fold"
      open={isOpen}
      onToggle={event => choose(event.currentTarget.open)}
    >
      <summary>{trans.__('End of the log')}</summary>
      {isOpen && log.size <= LIMIT && <Tail model={model} path={log.path} />}
      <a className="trackbook-Link" href={url} download>
        {trans.__('Download %1 (%2)', log.path, formatBytes(log.size))}
      </a>
    </details>
  );
}

function Tail({ model, path }: { model: RunModel; path: string }): JSX.Element {
  const { trans } = useView();
  const load = React.useCallback(async () => (await model.artifact(path)).text(), [model, path]);
  const { value, error } = useLoaded(load);
  if (error) {
    return <ErrorNote error={error} />;
  }
  if (value === null) {
    return <Loading label={trans.__('Loading the log…')} />;
  }
  const lines = value.trimEnd().split('\n');
  return <SourceText className="trackbook-Log">{lines.slice(-LINES).join('\n')}</SourceText>;
}
