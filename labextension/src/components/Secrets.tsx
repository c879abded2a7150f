import * as React from 'react';

import type { IMaskedSecret } from '../client/types';
import { useView } from './view';

/** What looked like a secret and was masked before it was stored; nothing where nothing was. */
export function Secrets(props: { secrets: readonly IMaskedSecret[] }): JSX.Element | null {
  const { trans } = useView();
  const { secrets } = props;
  if (!secrets.length) {
    return null;
  }
  const count = secrets.reduce((sum, secret) => sum + secret.count, 0);
  return (
    <section className="trackbook-Note" role="group" aria-label={trans.__('Masked secrets')}>
      <p>
        {trans._n(
          'Something that looks like a secret was masked and not stored.',
          '%1 things that look like secrets were masked and not stored.',
          count
        )}
      </p>
      <ul>
        {secrets.map(({ kind, place, count: times }) => (
          <li key={`${kind} ${place}`}>
            {trans.__('%1 in %2', kind, place)}
            {times > 1 && <span className="trackbook-Quiet"> {trans.__('%1 times', times)}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}
