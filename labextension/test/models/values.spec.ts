import type { ILoggedValue } from '../../src/client/types';
import { groupValues } from '../../src/models/values';

function logged(key: string, step: number, at: string): ILoggedValue {
  return {
    at,
    value: { key, step, context: {} }
  } as ILoggedValue;
}

const FIRST = '2026-01-01T00:00:00.000000Z';
const LATER = '2026-01-01T00:00:01.000000Z';

describe('groupValues', () => {
  it('keeps the order of logging, and that of names within one call', () => {
    const groups = groupValues([
      logged('roc', 0, LATER),
      logged('weights', 0, FIRST),
      logged('bias', 0, FIRST),
      logged('weights', 1, LATER)
    ]);
    expect(groups.map(group => group.name)).toEqual(['bias', 'weights', 'roc']);
    expect(groups[1].values.map(item => item.value.step)).toEqual([0, 1]);
  });

  it('shows the later of two values at one step', () => {
    const [group] = groupValues([logged('text', 3, LATER), logged('text', 3, FIRST)]);
    expect(group.values.map(item => item.at)).toEqual([LATER]);
  });
});
