import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ICellComparison } from '../client/differences';
import type * as part from '../panel/nbdimePart';
import { RenderingContext } from './rendering';
import { useView } from './view';

type Part = typeof part;

/** nbdime's components, once they are wanted and have come. */
export function useNbdime(isWanted: boolean): { nbdime: Part | null; failed: boolean } {
  const [nbdime, setNbdime] = React.useState<Part | null>(null);
  const [failed, setFailed] = React.useState(false);
  React.useEffect(() => {
    if (!isWanted || nbdime) {
      return;
    }
    let isGone = false;
    import('../panel/nbdimePart').then(
      module => !isGone && setNbdime(module),
      () => !isGone && setFailed(true)
    );
    return () => {
      isGone = true;
    };
  }, [isWanted, nbdime]);
  return { nbdime, failed };
}

/** Let nbdime draw a cell into the element that gets the returned ref. */
export function useCellDiff(
  nbdime: Part,
  comparison: ICellComparison,
  mimetype: string
): React.RefObject<HTMLDivElement> {
  const box = React.useRef<HTMLDivElement>(null);
  const { trans } = useView();
  const rendermime = React.useContext(RenderingContext)?.rendermime ?? null;
  // Before the element leaves the page: a Lumino widget can't be taken from where it no longer is.
  React.useLayoutEffect(() => {
    const element = box.current;
    if (!element || !rendermime) {
      return;
    }
    const widget = draw(nbdime, comparison, mimetype, rendermime);
    // Outputs come later than the widget, and others do when a button is pressed.
    const observer = new MutationObserver(() => giveNames(element, trans));
    observer.observe(element, { childList: true, subtree: true });
    Widget.attach(widget, element);
    MessageLoop.flush();
    giveNames(element, trans);
    return () => {
      observer.disconnect();
      widget.dispose();
    };
  }, [nbdime, comparison, mimetype, rendermime, trans]);
  return box;
}

function draw(
  { CellDiffWidget, modelOf }: Part,
  comparison: ICellComparison,
  mimetype: string,
  rendermime: IRenderMimeRegistry
): Widget {
  const model = modelOf(comparison, mimetype);
  return new CellDiffWidget({ model, rendermime, mimetype, collapseIdentical: 3 });
}

/** Name for screen readers what nbdime leaves without a name, and let the keyboard reach what scrolls. */
function giveNames(element: HTMLElement, trans: TranslationBundle): void {
  const name = (selector: string, attribute: string, text: string) =>
    element
      .querySelectorAll(`${selector}:not([${attribute}])`)
      .forEach(node => node.setAttribute(attribute, text));
  name('.cm-content', 'aria-label', trans.__('Text of the cell or output'));
  name('.jp-CollapsiblePanel-header-icon', 'aria-label', trans.__('Show or hide'));
  name('select', 'aria-label', trans.__('Kind of output'));
  name('img', 'alt', trans.__('Picture in the output'));
  name('.jp-Diff-outputsContainer', 'tabindex', '0');
}
