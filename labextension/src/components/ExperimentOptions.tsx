import * as React from 'react';

import { useView } from './view';

/** The experiments among the options of a select; `chosen` is there even where no run is in it any more. */
export function ExperimentOptions(props: {
  experiments: readonly { name: string }[];
  chosen: string | null;
}): JSX.Element | null {
  const { trans } = useView();
  const { experiments, chosen } = props;
  const names = experiments.map(({ name }) => name);
  if (chosen !== null && !names.includes(chosen)) {
    names.push(chosen);
  }
  return names.length > 0 ? (
    <optgroup label={trans.__('Experiments')}>
      {names.map(name => (
        <option key={name} value={`experiment:${name}`}>
          {name}
        </option>
      ))}
    </optgroup>
  ) : null;
}
