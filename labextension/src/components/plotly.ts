import type * as plotlyModule from 'plotly.js-cartesian-dist-min';
import * as React from 'react';

export type Plotly = typeof plotlyModule;

/** The element's width while some of it can be seen, else 0. */
export function useVisibleWidth(box: React.RefObject<HTMLElement>): number {
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
export function useTheme(): number {
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

/** The chart library, once it is wanted and has come. */
export function usePlotly(isWanted: boolean): { plotly: Plotly | null; error: boolean } {
  const [plotly, setPlotly] = React.useState<Plotly | null>(null);
  const [error, setError] = React.useState(false);
  React.useEffect(() => {
    if (!isWanted || plotly) {
      return;
    }
    let isGone = false;
    import('plotly.js-cartesian-dist-min').then(
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
