import * as React from 'react';

import type { ColoursModel } from '../models/colours';
import type { CurveBoard } from '../models/curves';
import { Chart } from './Chart';
import type { IAxes, XAxis } from './traces';
import { useView } from './view';

/** The curves of some runs: a chart for each metric, all with the same axes. */
export function Charts(props: {
  board: CurveBoard;
  keys: readonly string[];
  names: ReadonlyMap<string, string>;
  colours: ColoursModel;
}): JSX.Element {
  const { trans } = useView();
  const { board, keys, names, colours } = props;
  const [axes, setAxes] = React.useState<IAxes>({ x: 'step', isLog: false });
  if (!keys.length) {
    return <p className="trackbook-Quiet">{trans.__('No metric was logged.')}</p>;
  }
  return (
    <div className="trackbook-Charts">
      <div className="trackbook-Charts-bar">
        <label>
          {trans.__('Horizontal')}{' '}
          <select
            className="trackbook-Select"
            value={axes.x}
            onChange={event => setAxes({ ...axes, x: event.target.value as XAxis })}
          >
            <option value="step">{trans.__('step')}</option>
            <option value="time">{trans.__('time since the start')}</option>
          </select>
        </label>
        <label>
          <input
            type="checkbox"
            checked={axes.isLog}
            onChange={event => setAxes({ ...axes, isLog: event.target.checked })}
          />{' '}
          {trans.__('Log scale')}
        </label>
      </div>
      <div className="trackbook-Charts-grid">
        {keys.map(key => (
          <Chart key={key} model={board.get(key)} axes={axes} names={names} colours={colours} />
        ))}
      </div>
    </div>
  );
}
