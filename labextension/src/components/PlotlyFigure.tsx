import * as React from 'react';

import { foreignTypes, type IPlotlyFigure } from '../models/plotlyFigure';
import { PlotBox } from './PlotBox';
import { RenderingContext, useRender } from './rendering';
import { useView } from './view';

export const PLOTLY_TYPE = 'application/vnd.plotly.v1+json';

const HEIGHT = 360;

/** A plotly figure. Traces that our small build of plotly lacks are left to JupyterLab's own renderer, if there is one. */
export function PlotlyFigure({ figure }: { figure: IPlotlyFigure }): JSX.Element {
  const { trans } = useView();
  const rendering = React.useContext(RenderingContext);
  const foreign = foreignTypes(figure);
  if (!foreign.length) {
    return <Drawn figure={figure} />;
  }
  if (rendering?.rendermime.getFactory(PLOTLY_TYPE)) {
    return <Rendered figure={figure} />;
  }
  return (
    <p className="trackbook-Quiet">
      {trans.__(
        'This figure needs plotly’s own renderer (%1): install plotly beside JupyterLab and reload the page.',
        foreign.join(', ')
      )}
    </p>
  );
}

function Drawn({ figure }: { figure: IPlotlyFigure }): JSX.Element {
  const draw = React.useCallback(
    (width: number) => ({
      data: figure.data,
      layout: { ...figure.layout, width, height: HEIGHT, autosize: false }
    }),
    [figure]
  );
  return <PlotBox draw={draw} className="trackbook-Value-figure" />;
}

function Rendered({ figure }: { figure: IPlotlyFigure }): JSX.Element {
  const output = React.useMemo(
    () => ({
      output_type: 'display_data',
      data: { [PLOTLY_TYPE]: { ...figure } },
      metadata: {}
    }),
    [figure]
  );
  return <div ref={useRender(output)} className="trackbook-Value-figure" />;
}
