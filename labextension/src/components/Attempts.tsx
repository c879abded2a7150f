import * as React from 'react';

import type { IAttempt } from '../client/types';
import { formatDuration, formatMoment } from '../format';
import { StatusIcon, statusWord } from './Status';
import { useView } from './view';

/** How a run that was resumed went, an attempt a row; nothing for a run that had one go. */
export function Attempts({ attempts }: { attempts: readonly IAttempt[] }): JSX.Element | null {
  const { trans } = useView();
  if (attempts.length < 2) {
    return null;
  }
  return (
    <section>
      <h3>{trans.__('Attempts')}</h3>
      <table className="trackbook-Table">
        <tbody>
          {attempts.map(attempt => (
            <tr key={attempt.number}>
              <th scope="row">{attempt.number}</th>
              <td title={attempt.reason ?? undefined}>
                <StatusIcon status={attempt.status} /> {statusWord(attempt.status, trans)}
              </td>
              <td>{formatMoment(attempt.started)}</td>
              <td className="trackbook-mod-number">{formatDuration(secondsOf(attempt))}</td>
              <td>{attempt.host}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function secondsOf(attempt: IAttempt): number | null {
  return attempt.ended === null
    ? null
    : (Date.parse(attempt.ended) - Date.parse(attempt.started)) / 1000;
}
