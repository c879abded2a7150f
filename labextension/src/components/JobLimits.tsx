import * as React from 'react';

import type { IJobSpec } from '../client/types';
import { formatBytes, formatDuration } from '../format';
import { statusWord } from './Status';
import { useView } from './view';

/** The limits that a job had; nothing where it had none. */
export function JobLimits({ spec }: { spec: IJobSpec }): JSX.Element | null {
  const { trans } = useView();
  const rows: [string, string][] = [];
  if (spec.timeout !== null) {
    rows.push([trans.__('whole job'), formatDuration(spec.timeout)]);
  }
  if (spec.cell_timeout !== null) {
    rows.push([trans.__('each cell'), formatDuration(spec.cell_timeout)]);
  }
  if (spec.memory !== null) {
    rows.push([trans.__('memory'), formatBytes(spec.memory)]);
  }
  if (spec.retries > 0) {
    const causes = spec.retry_on.map(cause => statusWord(cause, trans)).join(', ');
    const delay = formatDuration(spec.retry_delay);
    rows.push([
      trans.__('retries'),
      trans.__(
        '%1, the first after %2 and each later one after twice as long; after: %3',
        spec.retries,
        delay,
        causes
      )
    ]);
  }
  if (!rows.length) {
    return null;
  }
  return (
    <section>
      <h3>{trans.__('Limits')}</h3>
      <table className="trackbook-Table">
        <tbody>
          {rows.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className="trackbook-mod-value">{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
