import * as React from 'react';

import type { CurveOptions } from '../../models/curveOptions';
import { useModel, useView } from '../view';
import type { IOwner } from './lines';

const DASH_STYLES = { solid: 'solid', dash: 'dashed', dot: 'dotted', dashdot: 'dashed' } as const;

/** Whose curves there are, with their colours; each can be hidden, or shown alone. */
export function CurveLegend(props: {
  owners: readonly IOwner[];
  options: CurveOptions;
}): JSX.Element {
  const { trans } = useView();
  const { owners, options } = props;
  useModel(options);
  const all = owners.map(({ owner }) => owner);
  return (
    <ul className="trackbook-Legend trackbook-Curves-legend" aria-label={trans.__('Runs')}>
      {owners.map(({ owner, label, colour, dash }) => {
        const isShown = !options.isHidden(owner);
        return (
          <li key={owner}>
            <button
              className="trackbook-Curves-owner"
              aria-pressed={isShown}
              title={trans.__('Click hides or shows, with Shift shows alone')}
              onClick={event =>
                event.shiftKey ? options.isolate(owner, all) : options.toggle(owner)
              }
            >
              <span
                className="trackbook-Curves-line"
                style={{ borderTopColor: `var(${colour})`, borderTopStyle: DASH_STYLES[dash] }}
                aria-hidden="true"
              />
              {label}
            </button>
          </li>
        );
      })}
    </ul>
  );
}
