import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import * as React from 'react';

import { CommandIDs } from '../commandIds';
import { useView } from './view';

/** The button that shows what changed since the best run; `args` says which run is meant. */
export function CompareWithBest({ args }: { args: ReadonlyPartialJSONObject }): JSX.Element {
  const { trans, execute } = useView();
  return (
    <button
      className="trackbook-Button"
      title={trans.__('What changed since the best run of the experiment')}
      onClick={() => execute(CommandIDs.compareWithBest, args)}
    >
      {trans.__('Compare with best')}
    </button>
  );
}
