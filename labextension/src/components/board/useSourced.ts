import * as React from 'react';

import type { IFrame } from '../../client/board';
import type { BoardSource } from '../../models/boardSource';
import { type LoadSourced, Sourced } from '../../models/sourced';
import { useModel } from '../view';
import { MOST_COLOURED } from './axes';
import type { IBoardContext } from './chartKinds';

/** What a chart draws of a board's runs, loaded while it can be seen; `load` has to be the same function each time. */
export function useSourced<T>(
  source: BoardSource,
  load: LoadSourced<T>,
  isVisible: boolean,
  isWide = false
): Sourced<T> {
  const [sourced] = React.useState(() => new Sourced<T>(source));
  React.useEffect(() => sourced.setLoad(load, isWide), [sourced, load, isWide]);
  React.useEffect(() => sourced.setVisible(isVisible), [sourced, isVisible]);
  React.useEffect(() => () => sourced.dispose(), [sourced]);
  useModel(sourced);
  return sourced;
}

/** The values of some columns; empty ones are asked for by nobody. */
export function useFrame(
  context: IBoardContext,
  columns: readonly string[],
  isVisible: boolean,
  options: { maxRows?: number; isWide?: boolean } = {}
): Sourced<INamedFrame> {
  const { client, project, source } = context;
  const { maxRows = 5000, isWide = false } = options;
  const key = JSON.stringify(columns.filter(Boolean));
  const load = React.useCallback<LoadSourced<INamedFrame>>(
    async (target, signal) => {
      const names = [...new Set(JSON.parse(key) as string[])];
      const frame = await client.frame(project, target, [...LABELS, ...names], maxRows, signal);
      return { ...frame, names: [...LABELS, ...names] };
    },
    [client, project, key, maxRows]
  );
  const sourced = useSourced(source, load, isVisible, isWide);
  useRunColours(context, sourced.value?.ids);
  return sourced;
}

/** Give runs that are drawn together colours that differ, where there are few enough of them. */
export function useRunColours(context: IBoardContext, ids: readonly string[] | undefined): void {
  const { colours } = context;
  React.useEffect(() => {
    if (ids && ids.length <= MOST_COLOURED) {
      colours.assign(ids);
    }
  }, [colours, ids]);
}

/** What tells a run from others, in each frame. */
const LABELS = ['experiment', 'number', 'name'];

/** A frame with the names of its columns. */
export interface INamedFrame extends IFrame {
  names: string[];
}
