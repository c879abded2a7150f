import { type ISeries } from '../../src/client/types';
import { makeTraces } from '../../src/components/traces';
import { ColoursModel } from '../../src/models/colours';

describe('makeTraces', () => {
  const series = (run_id: string, subset: string | null, values: number[]): ISeries => ({
    run_id,
    key: 'loss',
    context: subset === null ? {} : { subset },
    steps: values.map((_, step) => step * 10),
    times: values.map((_, step) => 5_000_000 + step * 500_000),
    values,
    total: values.length
  });
  const names = new Map([['a', 'churn #1']]);
  const colours = new ColoursModel();
  colours.assign(['a', 'b']);
  const read = (name: string) => name;

  it('draw each run in its colour, each context with its line', () => {
    const all = [series('a', null, [1, 2]), series('a', 'val', [1, 2]), series('b', 'val', [1, 2])];
    const lines = makeTraces(all, { x: 'step', isLog: false }, names, colours, read);
    const styles = lines.map(line => (line as { line: { color: string; dash: string } }).line);
    expect(styles[0].color).toBe(styles[1].color);
    expect(styles[1].dash).toBe(styles[2].dash);
    expect(styles[0].dash).not.toBe(styles[1].dash);
    expect(styles[1].color).not.toBe(styles[2].color);
    expect(lines[1].name).toBe('churn #1 subset=val');
  });

  it('leave gaps for what is not finite, and show a single point', () => {
    const axes = { x: 'step', isLog: false } as const;
    const [line] = makeTraces(
      [series('a', null, [1, NaN, Infinity, 4])],
      axes,
      names,
      colours,
      read
    );
    expect((line as { y: unknown }).y).toEqual([1, null, null, 4]);
    const [point] = makeTraces([series('a', null, [1])], axes, names, colours, read);
    expect((point as { mode: string }).mode).toBe('markers');
  });

  it('count seconds from the start of the run', () => {
    const axes = { x: 'time', isLog: false } as const;
    const [line] = makeTraces([series('a', null, [1, 2, 3])], axes, names, colours, read);
    expect((line as { x: unknown }).x).toEqual([0, 0.5, 1]);
  });
});
