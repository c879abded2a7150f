import type { ILoggedValue } from '../client/types';
import { seriesName } from '../format';

/** The rich values of one key in one context, by step. */
export interface IValueSeries {
  /** The one-line name: the key, with the context where there is one. */
  name: string;
  values: ILoggedValue[];
}

/**
 * Put the values of a run together by key and context, in the order in which the first of each was logged; those of one
 * call, which are stored side by side and so come in any order, by name.
 */
export function groupValues(logged: readonly ILoggedValue[]): IValueSeries[] {
  const groups = new Map<string, Map<number, ILoggedValue>>();
  const named = logged.map(item => ({
    name: seriesName(item.value.key, item.value.context),
    item
  }));
  named.sort(
    (a, b) => Date.parse(a.item.at) - Date.parse(b.item.at) || a.name.localeCompare(b.name)
  );
  for (const { name, item } of named) {
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
