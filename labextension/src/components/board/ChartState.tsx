import * as React from 'react';

import type { IFrame } from '../../client/board';
import type { Sourced } from '../../models/sourced';
import { formatNumber } from '../../format';
import { ErrorNote, Loading } from '../Notes';
import { useView } from '../view';

/** What is to be said above a chart: that it loads, what went wrong, that it draws a sample, that nothing is there. */
export function ChartState<T>(props: {
  sourced: Sourced<T>;
  isEmpty?: boolean;
}): JSX.Element | null {
  const { trans } = useView();
  const { value, error, isLoading } = props.sourced;
  if (error) {
    return <ErrorNote error={error} onRetry={() => props.sourced.refresh()} />;
  }
  if (value === null) {
    return isLoading ? <Loading label={trans.__('Loading…')} /> : null;
  }
  const frame = value as Partial<IFrame>;
  if (props.isEmpty || frame.ids?.length === 0) {
    return <p className="trackbook-Quiet">{trans.__('No run has these values.')}</p>;
  }
  if (frame.sampled && frame.ids && frame.total) {
    return (
      <p className="trackbook-Quiet trackbook-Board-sample">
        {trans.__(
          'A sample of %1 of %2 runs',
          formatNumber(frame.ids.length),
          formatNumber(frame.total)
        )}
      </p>
    );
  }
  return null;
}
