import * as React from 'react';

import type { ISweep } from '../client/sweeps';
import { formatNumber } from '../format';
import { useView } from './view';

/** How much each parameter mattered for the result; nothing while that can't be told. */
export function Importance({ sweep }: { sweep: ISweep }): JSX.Element | null {
  const { trans } = useView();
  const parts = Object.entries(sweep.importance ?? {}).sort(([, a], [, b]) => b - a);
  if (!parts.length) {
    return null;
  }
  return (
    <figure className="trackbook-Importance">
      <figcaption title={trans.__('Which part of the differences each parameter explains')}>
        {trans.__('What mattered')}
      </figcaption>
      <table>
        <tbody>
          {parts.map(([name, part]) => (
            <tr key={name}>
              <th scope="row" title={name}>
                {name}
              </th>
              <td className="trackbook-Importance-bar" aria-hidden="true">
                <span style={{ width: `${Math.max(0, Math.min(1, part)) * 100}%` }} />
              </td>
              <td className="trackbook-mod-number" title={formatNumber(part)}>
                {Math.round(part * 100)} %
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}
