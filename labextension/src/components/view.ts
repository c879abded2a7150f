import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import * as React from 'react';

import type { IObservable } from '../models/observable';

/** What all components need from the panel that they are in. */
export interface IView {
  trans: TranslationBundle;
  /** Do what the user asked for: one of Trackbook's commands. */
  execute(command: string, args?: ReadonlyPartialJSONObject): void;
}

export const ViewContext = React.createContext<IView | null>(null);

/** The view that the component is in. */
export function useView(): IView {
  const view = React.useContext(ViewContext);
  if (!view) {
    throw new Error('This component belongs inside a ViewContext.');
  }
  return view;
}

/** Render again after each change of the models; always the same number of them. */
export function useModel(...models: readonly IObservable[]): string {
  const subscribe = React.useCallback(
    (onChange: () => void) => {
      models.forEach(model => model.changed.connect(onChange));
      return () => models.forEach(model => model.changed.disconnect(onChange));
    },
    // eslint-disable-next-line react-hooks/exhaustive-deps, react-hooks/use-memo -- the models are the dependencies
    models
  );
  return React.useSyncExternalStore(subscribe, () => models.map(model => model.version).join());
}

/** The present time, renewed every `seconds`; relative times and running durations follow it. */
export function useNow(seconds: number): number {
  const [now, setNow] = React.useState(() => Date.now());
  React.useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), seconds * 1000);
    return () => window.clearInterval(timer);
  }, [seconds]);
  return now;
}

/** Join the class names that are there. */
export function classes(...names: (string | false | null | undefined)[]): string {
  return names.filter(Boolean).join(' ');
}
