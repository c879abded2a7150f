import * as React from 'react';

import type { ILoss } from '../client/types';
import { formatMoment } from '../format';
import { useView } from './view';

/** What the disk refused: how much, and when; nothing where it took all. */
export function Losses({ losses }: { losses: readonly ILoss[] }): JSX.Element | null {
  const { trans } = useView();
  if (!losses.length) {
    return null;
  }
  return (
    <div
      className="trackbook-Note trackbook-mod-error"
      role="group"
      aria-label={trans.__('Losses')}
    >
      {losses.map(({ count, first, last }) => (
        <p key={first}>
          {trans._n(
            '%1 record could not be stored between %2 and %3.',
            '%1 records could not be stored between %2 and %3.',
            count,
            formatMoment(first),
            formatMoment(last)
          )}
        </p>
      ))}
      <p className="trackbook-Note-hint">
        {trans.__('The disk refused them. trackbook doctor looks the store over.')}
      </p>
    </div>
  );
}
