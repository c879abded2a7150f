import * as React from 'react';

import type { IProposal } from '../client/parameters';
import { defaultText, typeText } from './fieldTexts';
import { useView } from './view';

/** The constants of a notebook without a parameters cell, to be made parameters. */
export function Proposals(props: {
  proposals: readonly IProposal[];
  onAccept(names: readonly string[]): void;
}): JSX.Element {
  const { trans } = useView();
  const { proposals, onAccept } = props;
  const [left, setLeft] = React.useState<ReadonlySet<string>>(new Set());
  const names = proposals.map(item => item.parameter.name).filter(name => !left.has(name));
  return (
    <div className="trackbook-Proposals">
      <p>
        {trans.__('No cell has the tag “parameters”. These constants may as well be parameters:')}
      </p>
      <ul>
        {proposals.map(({ parameter, cell }) => (
          <li key={parameter.name}>
            <label className="trackbook-Check">
              <input
                type="checkbox"
                checked={!left.has(parameter.name)}
                onChange={event => {
                  const next = new Set(left);
                  if (event.target.checked) {
                    next.delete(parameter.name);
                  } else {
                    next.add(parameter.name);
                  }
                  setLeft(next);
                }}
              />{' '}
              {parameter.name}{' '}
              <span className="trackbook-ParameterRow-type">{typeText(parameter)}</span>
            </label>
            <code>{defaultText(parameter, trans)}</code>
            <span className="trackbook-Quiet">{trans.__('cell %1', cell)}</span>
          </li>
        ))}
      </ul>
      <button
        type="button"
        className="trackbook-Button"
        disabled={!names.length}
        onClick={() => onAccept(names)}
      >
        {trans.__('Make these parameters')}
      </button>
    </div>
  );
}
