import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { formatNumber } from '../../format';
import type { IChartProps, IChartReport } from './chartKinds';

/**
 * Tell the card what is drawn, each time that other data has come. Returns what is told how to make a PNG of it, once
 * there is a picture.
 */
export function useReport<T>(
  props: IChartProps,
  sourced: { readonly value: T | null },
  trans: TranslationBundle,
  make: (value: T) => Omit<IChartReport, 'image'> | null
): (image: (() => Promise<Blob>) | null) => void {
  const { report, chart } = props;
  const { value } = sourced;
  const [image, setImage] = React.useState<{ make: (() => Promise<Blob>) | null }>({ make: null });
  React.useEffect(() => {
    const made = value === null ? null : make(value);
    report(made && { ...made, image: image.make });
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `make` reads nothing but the value and the options
  }, [report, value, chart.options, trans, image]);
  return React.useCallback(made => setImage({ make: made }), []);
}

/** What a column spans, as `lr from 0.001 to 0.1.`. */
export function rangeText(
  name: string,
  values: readonly (number | null)[] | null,
  trans: TranslationBundle
): string {
  const known = (values ?? []).filter((value): value is number => Number.isFinite(value));
  if (!known.length) {
    return '';
  }
  const [least, most] = known.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity]
  );
  return trans.__('%1 from %2 to %3.', name, formatNumber(least), formatNumber(most));
}
