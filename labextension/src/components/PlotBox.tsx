import type { Data, Layout } from 'plotly.js';
import * as React from 'react';

import { usePlotly, useTheme, useVisibleWidth } from './plotly';
import type { ReadVariable } from './traces';
import { useView } from './view';

const CONFIG = { displayModeBar: false, responsive: false, displaylogo: false } as const;

/** What plotly draws. */
export interface IPlot {
  data: Data[];
  layout: Partial<Layout>;
}

/**
 * A place that plotly draws into, as wide as there is room. The library is loaded when the first such place comes into
 * view. `draw` is called for each width and theme; null: there is nothing to draw yet.
 */
export function PlotBox(props: {
  draw: (width: number, read: ReadVariable) => IPlot | null;
  onWidth?: (width: number) => void;
  className?: string;
}): JSX.Element {
  const { trans } = useView();
  const { draw, onWidth, className } = props;
  const box = React.useRef<HTMLDivElement>(null);
  const width = useVisibleWidth(box);
  const theme = useTheme();
  const { plotly, error } = usePlotly(width > 0);
  React.useEffect(() => onWidth?.(width), [onWidth, width]);
  React.useEffect(() => {
    const element = box.current;
    if (!element || !plotly || !width) {
      return;
    }
    const style = getComputedStyle(element);
    const plot = draw(width, name => style.getPropertyValue(name).trim());
    if (plot) {
      void plotly.react(element, plot.data, plot.layout, CONFIG);
    }
  }, [plotly, draw, width, theme]);
  React.useEffect(() => {
    const element = box.current;
    return () => {
      if (plotly && element) {
        plotly.purge(element);
      }
    };
  }, [plotly]);
  return (
    <>
      <div ref={box} className={className ?? 'trackbook-Chart-plot'} />
      {error && (
        <p className="trackbook-FieldError" role="alert">
          {trans.__('The chart library could not be loaded.')}
        </p>
      )}
    </>
  );
}
