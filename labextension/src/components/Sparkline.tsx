import * as React from 'react';

import { sparkPath } from './sparkPath';

const WIDTH = 40;
const HEIGHT = 14;

/** A curve without axes, as high as a line of text. What it shows is told beside it, so readers skip it. */
export const Sparkline = React.memo((props: { values: readonly number[] }) => {
  return (
    <svg
      className="trackbook-Sparkline"
      viewBox={`-1 -1 ${WIDTH + 2} ${HEIGHT + 2}`}
      aria-hidden="true"
    >
      <path d={sparkPath(props.values, WIDTH, HEIGHT)} />
    </svg>
  );
});
Sparkline.displayName = 'Sparkline';
