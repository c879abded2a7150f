import type * as plotlyModule from 'plotly.js-basic-dist-min';
import * as React from 'react';

import type { ColoursModel } from '../models/colours';
import type { CurveModel } from '../models/curves';
import { contextsOf, type IAxes, makeLayout, makeTraces } from './traces';
import { useModel, useView } from './view';

type Plotly = typeof plotlyModule;

const CONFIG = { displayModeBar: false, responsive: false, displaylogo: false } as const;

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
  const box = React.useRef<HTMLDivElement>(null);
  const version = useModel(model, colours);
  const width = useVisibleWidth(box);
  const theme = useTheme();
  const { plotly, error } = usePlotly(width > 0);
  React.useEffect(() => model.setWidth(width), [model, width]);
  React.useEffect(() => {
    const element = box.current;
    if (!element || !plotly || !model.series || !width) {
      return;
    }
    const style = getComputedStyle(element);
    const read = (name: string) => style.getPropertyValue(name).trim();
    const title = axes.x === 'step' ? trans.__('step') : trans.__('seconds');
    void plotly.react(
      element,
      makeTraces(model.series, axes, names, colours, read),
      makeLayout(width, axes, title, read),
      CONFIG
    );
  }, [plotly, model, version, width, axes, names, colours, theme, trans]);
  React.useEffect(() => {
    const element = box.current;
    return () => {
      if (plotly && element) {
        plotly.purge(element);
      }
    };
  }, [plotly]);
  const contexts = contextsOf(model.series ?? []);
  return (
    <figure className="trackbook-Chart" aria-label={model.key}>
      <figcaption title={trans.__('Drag to zoom, double-click to see all')}>
        {model.key}
        {contexts.length > 1 && (
          <span className="trackbook-Quiet"> {contexts.map(dashed).join('  ')}</span>
        )}
      </figcaption>
      <div ref={box} className="trackbook-Chart-plot" />
      {(model.error ?? error) && (
        <p className="trackbook-FieldError" role="alert">
          {model.error?.message ?? trans.__('The chart library could not be loaded.')}
        </p>
      )}
    </figure>
  );
}

/** A context's text with a sign of the line that it is drawn with. */
function dashed(context: string, place: number): string {
  const signs = ['—', '- -', '···', '-·-'];
  return `${signs[place % signs.length]} ${context || '·'}`;
}

/** The element's width while some of it can be seen, else 0. */
function useVisibleWidth(box: React.RefObject<HTMLElement>): number {
  const [width, setWidth] = React.useState(0);
  const [isSeen, setSeen] = React.useState(false);
  React.useEffect(() => {
    const element = box.current;
    if (!element) {
      return;
    }
    const sizes = new ResizeObserver(() => setWidth(element.clientWidth));
    const sight = new IntersectionObserver(
      entries => setSeen(entries[entries.length - 1].isIntersecting),
      { rootMargin: '200px' }
    );
    sizes.observe(element);
    sight.observe(element);
    return () => {
      sizes.disconnect();
      sight.disconnect();
    };
  }, [box]);
  return isSeen ? width : 0;
}

/** A number that changes with JupyterLab's theme. */
function useTheme(): number {
  const [count, setCount] = React.useState(0);
  React.useEffect(() => {
    const observer = new MutationObserver(() => setCount(before => before + 1));
    observer.observe(document.body, {
      attributeFilter: ['data-jp-theme-name', 'data-jp-theme-light']
    });
    return () => observer.disconnect();
  }, []);
  return count;
}

function usePlotly(isWanted: boolean): { plotly: Plotly | null; error: boolean } {
  const [plotly, setPlotly] = React.useState<Plotly | null>(null);
  const [error, setError] = React.useState(false);
  React.useEffect(() => {
    if (!isWanted || plotly) {
      return;
    }
    let isGone = false;
    import('plotly.js-basic-dist-min').then(
      // The library comes as one object, which some bundlers hand over as the default.
      module => !isGone && setPlotly((module as { default?: Plotly }).default ?? module),
      () => !isGone && setError(true)
    );
    return () => {
      isGone = true;
    };
  }, [isWanted, plotly]);
  return { plotly, error };
}
