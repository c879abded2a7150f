import * as React from 'react';

import type { ISweep } from '../client/sweeps';
import { endedTrials } from '../models/sweeps';
import { useView } from './view';

/** How many trials of how many have ended, those that failed or were stopped early told apart. */
export function SweepProgress({ sweep }: { sweep: ISweep }): JSX.Element {
  const { trans } = useView();
  const { finished, failed, pruned, cancelled, running, queued, total } = sweep.trials;
  const all = Math.max(1, total);
  const parts = [
    trans.__('%1 finished', finished),
    failed ? trans.__('%1 failed', failed) : '',
    pruned ? trans.__('%1 pruned', pruned) : '',
    cancelled ? trans.__('%1 cancelled', cancelled) : '',
    running ? trans.__('%1 running', running) : '',
    queued ? trans.__('%1 waiting', queued) : ''
  ];
  const text = parts.filter(Boolean).join(', ');
  const bar = (kind: string, count: number) =>
    count > 0 && (
      <span className={`trackbook-mod-${kind}`} style={{ width: `${(100 * count) / all}%` }} />
    );
  return (
    <span className="trackbook-SweepProgress" title={text}>
      <span className="trackbook-SweepProgress-bar" role="img" aria-label={text}>
        {bar('finished', finished)}
        {bar('pruned', pruned)}
        {bar('failed', failed)}
        {bar('running', running)}
      </span>
      <span>
        {endedTrials(sweep)}/{total}
      </span>
    </span>
  );
}
