import type * as nbformat from '@jupyterlab/nbformat';
import { type IRenderMimeRegistry, OutputModel } from '@jupyterlab/rendermime';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

/** Colours source text as the notebook does; draws into the element. */
export type Highlighter = (source: string, element: HTMLElement) => Promise<void>;

/** What draws outputs and source. Outputs of a store come from anywhere: they are never trusted. */
export interface IRendering {
  rendermime: IRenderMimeRegistry;
  highlight: Highlighter | null;
}

export const RenderingContext = React.createContext<IRendering | null>(null);

/** Draw a notebook output into the element that gets the returned ref. */
export function useRender(output: unknown): React.RefObject<HTMLDivElement> {
  const box = React.useRef<HTMLDivElement>(null);
  const rendering = React.useContext(RenderingContext);
  // Before the element leaves the page: a Lumino widget can't be taken from where it no longer is.
  React.useLayoutEffect(() => {
    const element = box.current;
    if (!element || !rendering) {
      return;
    }
    const widget = draw(output as nbformat.IOutput, rendering.rendermime, element);
    return () => widget?.dispose();
  }, [output, rendering]);
  return box;
}

/** Draw source text into the element that gets the returned ref; plainly where there is no highlighter. */
export function useSource(source: string): React.RefObject<HTMLPreElement> {
  const box = React.useRef<HTMLPreElement>(null);
  const rendering = React.useContext(RenderingContext);
  React.useEffect(() => {
    const element = box.current;
    if (!element) {
      return;
    }
    element.textContent = source;
    const holder = document.createElement('span');
    let isGone = false;
    void rendering?.highlight?.(source, holder).then(() => {
      if (!isGone && holder.textContent === source) {
        element.replaceChildren(holder);
      }
    });
    return () => {
      isGone = true;
    };
  }, [source, rendering]);
  return box;
}

function draw(
  output: nbformat.IOutput,
  rendermime: IRenderMimeRegistry,
  element: HTMLElement
): Widget | null {
  const model = new OutputModel({ value: output, trusted: false });
  const type = rendermime.preferredMimeType(model.data, 'ensure');
  if (type === undefined) {
    model.dispose();
    return null;
  }
  const renderer = rendermime.createRenderer(type);
  Widget.attach(renderer, element);
  MessageLoop.flush();
  void renderer.renderModel(model).finally(() => model.dispose());
  return renderer;
}
