import { decodeComparison, type IComparison } from '../../src/client/compare';
import { CompareModel } from '../../src/models/compare';
import { FakeChanges, PROJECT, settle, until } from '../support/fakes';
import { sample } from '../support/samples';

describe('CompareModel', () => {
  it('leaves out what is equal until asked, but knows all metrics', async () => {
    const asked: [string[], boolean][] = [];
    const whole = decodeComparison(sample<IComparison>('compare'));
    const client = {
      compare: (_: string, ids: readonly string[], all = false) => {
        asked.push([[...ids], all]);
        return Promise.resolve(all ? whole : { ...whole, metrics: [] });
      }
    };
    const changes = new FakeChanges();
    const runs = ['a', 'b', 'c'];
    const model = new CompareModel({ client, changes, project: PROJECT.id, runs, limit: 1 });
    await until(() => model.comparison !== null);
    expect(model.comparison?.metrics).toEqual([]);
    expect(model.keys).toContain('loss');
    model.showAll(true);
    await until(() => model.comparison!.metrics.length > 0);
    model.remove('b');
    await until(() => asked[asked.length - 1][0].length === 2);
    expect(model.runs).toEqual(['a', 'c']);
    model.remove('c');
    expect(model.runs).toEqual(['a', 'c']);
    changes.tell(['b']);
    const before = asked.length;
    await settle();
    expect(asked).toHaveLength(before);
    changes.tell(['c']);
    await until(() => asked.length === before + 1);
  });
});
