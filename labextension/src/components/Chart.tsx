import * as React from 'react';

import type { ColoursModel } from '../models/colours';
import type { CurveModel } from '../models/curves';
import { PlotBox } from './PlotBox';
import {
  contextsOf,
  dashSign,
  type IAxes,
  makeLayout,
  makeTraces,
  type ReadVariable
} from './traces';
import { useModel, useView } from './view';

/** One metric of some runs, drawn with plotly, which is loaded when the first chart comes into view. */
export function Chart(props: {
  model: CurveModel;
  axes: IAxes;
  /** What each run is called. */
  names: ReadonlyMap<string, string>;
  colours: ColoursModel;
}): JSX.Element {
  const { trans } = useView();
  const { model, axes, names, colours } = props;
  const version = useModel(model, colours);
  const draw = React.useCallback(
    (width: number, read: ReadVariable) => {
      const title = axes.x === 'step' ? trans.__('step') : trans.__('seconds');
      return (
        model.series && {
          data: makeTraces(model.series, axes, names, colours, read),
          layout: makeLayout(width, axes, title, read)
        }
      );
    },
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the version tells of changes within the models
    [model, version, axes, names, colours, trans]
  );
  const onWidth = React.useCallback((width: number) => model.setWidth(width), [model]);
  const contexts = contextsOf(model.series ?? []);
  return (
    <figure className="trackbook-Chart" aria-label={model.key}>
      <figcaption title={trans.__('Drag to zoom, double-click to see all')}>
        {model.key}
        {contexts.length > 1 && (
          <span className="trackbook-Quiet"> {contexts.map(dashed).join('  ')}</span>
        )}
      </figcaption>
      <PlotBox draw={draw} onWidth={onWidth} />
      {model.error && (
        <p className="trackbook-FieldError" role="alert">
          {model.error.message}
        </p>
      )}
    </figure>
  );
}

/** A context's text with a sign of the line that it is drawn with. */
function dashed(context: string, place: number): string {
  return `${dashSign(place)} ${context || '·'}`;
}
