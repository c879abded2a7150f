import * as React from 'react';

import { useRender } from './rendering';

/** A traceback as Jupyter shows it, with the colours that its escape codes ask for. */
export function Traceback({ lines }: { lines: readonly string[] }): JSX.Element | null {
  const output = React.useMemo(
    () => ({ output_type: 'error', ename: '', evalue: '', traceback: [...lines] }),
    [lines]
  );
  const box = useRender(output);
  return lines.length ? <div ref={box} className="trackbook-Traceback" /> : null;
}
