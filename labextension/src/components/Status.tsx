import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { CellStatus, FailureCause, JobStatus, RunStatus } from '../client/types';
import { classes, useView } from './view';

export type AnyStatus = RunStatus | CellStatus | JobStatus | FailureCause;

/** Shapes that tell states apart without their colours, on a grid of 16. */
const SHAPES: Readonly<Record<AnyStatus, React.ReactNode>> = {
  running: <circle cx="8" cy="8" r="4.5" fill="currentColor" />,
  finished: <path d="M3.5 8.5l3 3 6-7" />,
  ok: <path d="M3.5 8.5l3 3 6-7" />,
  failed: <path d="M4 4l8 8M12 4l-8 8" />,
  error: <path d="M4 4l8 8M12 4l-8 8" />,
  killed: <rect x="4" y="4" width="8" height="8" fill="currentColor" />,
  aborted: <path d="M8 2.5a5.5 5.5 0 1 0 .01 0M4.2 4.2l7.6 7.6" />,
  cancelled: <path d="M8 2.5a5.5 5.5 0 1 0 .01 0M4.2 4.2l7.6 7.6" />,
  timed_out: <path d="M8 2.5a5.5 5.5 0 1 0 .01 0M8 5v3.2l2.2 1.6" />,
  pruned: <path d="M3 8h10" />,
  lost: <path d="M5.5 6a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.8M8 12.4v.4" />,
  memory: <path d="M4 5h8v6.5H4zM6.5 5V2.8M9.5 5V2.8M6.5 13.7v-2.2M9.5 13.7v-2.2" />,
  died: <path d="M1.5 8.5h3l1.6-4 2.6 8 1.8-4h4" />,
  not_started: <path d="M8 2.5a5.5 5.5 0 1 0 .01 0M8 5v3.6M8 10.9v.1" />,
  queued: <circle cx="8" cy="8" r="4.5" strokeDasharray="2 2" />
};

/** The word for a state, as people say it. */
export function statusWord(status: AnyStatus, trans: TranslationBundle): string {
  const words: Readonly<Record<AnyStatus, string>> = {
    running: trans.__('running'),
    finished: trans.__('finished'),
    ok: trans.__('finished'),
    failed: trans.__('failed'),
    error: trans.__('failed'),
    killed: trans.__('killed'),
    aborted: trans.__('aborted'),
    cancelled: trans.__('cancelled'),
    timed_out: trans.__('timed out'),
    pruned: trans.__('pruned'),
    lost: trans.__('lost'),
    memory: trans.__('out of memory'),
    died: trans.__('kernel died'),
    not_started: trans.__('not started'),
    queued: trans.__('queued')
  };
  return words[status];
}

/** A state as an icon, with its word for readers and on hover. */
export function StatusIcon(props: { status: AnyStatus }): JSX.Element {
  const { trans } = useView();
  const word = statusWord(props.status, trans);
  return (
    <span
      className={classes('trackbook-Status', `trackbook-mod-${props.status}`)}
      role="img"
      aria-label={word}
      title={word}
    >
      <svg viewBox="0 0 16 16" aria-hidden="true">
        {SHAPES[props.status]}
      </svg>
    </span>
  );
}
