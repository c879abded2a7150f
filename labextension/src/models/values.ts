import type { ILoggedValue } from '../client/types';
import { seriesName } from '../format';

/** The rich values of one key in one context, by step. */
export interface IValueSeries {
  /** The one-line name: the key, with the context where there is one. */
  name: string;
  values: ILoggedValue[];
}

/** Put the values of a run together by key and context, in the order in which the first of each was logged. */
export function groupValues(logged: readonly ILoggedValue[]): IValueSeries[] {
  const groups = new Map<string, Map<number, ILoggedValue>>();
  const inTime = [...logged].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  for (const item of inTime) {
    const name = seriesName(item.value.key, item.value.context);
    const steps = groups.get(name) ?? new Map<number, ILoggedValue>();
    // Logged again at a step, a value takes the place of the earlier one.
    steps.set(item.value.step, item);
    groups.set(name, steps);
  }
  return [...groups].map(([name, steps]) => ({
    name,
    values: [...steps.values()].sort((a, b) => a.value.step - b.value.step)
  }));
}
