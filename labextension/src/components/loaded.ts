import * as React from 'react';

import { type ApiError, toApiError } from '../client/errors';

/** What came of a request: neither is there while it is on its way. */
export interface ILoaded<T> {
  value: T | null;
  error: ApiError | null;
}

/**
 * Load something when the component appears, and again when `load` is another function. What was shown stays until the
 * next has come, so that nothing flickers.
 */
export function useLoaded<T>(load: (() => Promise<T>) | null): ILoaded<T> {
  const [loaded, setLoaded] = React.useState<ILoaded<T>>({ value: null, error: null });
  React.useEffect(() => {
    if (!load) {
      return;
    }
    let isGone = false;
    load().then(
      value => !isGone && setLoaded({ value, error: null }),
      (reason: unknown) => !isGone && setLoaded({ value: null, error: toApiError(reason) })
    );
    return () => {
      isGone = true;
    };
  }, [load]);
  return loaded;
}

/** Let the element that gets the returned ref show the bytes of `blob`; their address goes when the element does. */
export function useBlob<T extends HTMLElement & { src: string }>(blob: Blob): React.RefObject<T> {
  const element = React.useRef<T>(null);
  React.useEffect(() => {
    const url = URL.createObjectURL(blob);
    if (element.current) {
      element.current.src = url;
    }
    return () => URL.revokeObjectURL(url);
  }, [blob]);
  return element;
}
