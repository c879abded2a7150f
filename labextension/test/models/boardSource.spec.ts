import type { IRunTarget } from '../../src/client/board';
import { BoardSource } from '../../src/models/boardSource';
import { RunQueryModel } from '../../src/models/runQuery';
import { SelectionModel } from '../../src/models/selection';
import { Sourced } from '../../src/models/sourced';
import { FakeChanges, PROJECT, settle, until } from '../support/fakes';

function parts() {
  const query = new RunQueryModel({ query: 'metrics.acc > 0.5' });
  const selection = new SelectionModel();
  const changes = new FakeChanges();
  const source = new BoardSource({ query, selection, changes, project: PROJECT.id, limit: 1 });
  return { query, selection, changes, source };
}

describe('BoardSource', () => {
  it('is over what matches, narrowed by a brush, until runs are selected', () => {
    const { query, selection, source } = parts();
    query.brush('params.lr < 1');
    expect(source.target).toEqual({
      scope: { ...query.scope, query: '(metrics.acc > 0.5) and (params.lr < 1)' }
    });
    expect(source.wide).toEqual({ scope: query.scope });
    selection.set(['a', 'b']);
    expect(source.target).toEqual({ runs: ['a', 'b'] });
    source.setWhole(true);
    expect(source.target).toEqual({ scope: query.narrowed });
  });

  it('hears of runs that it is over, and of no others', async () => {
    const { selection, changes, source } = parts();
    selection.set(['a']);
    changes.tell(['other']);
    changes.tell(['a'], [], 'another project');
    await settle();
    expect(source.revision).toBe(0);
    changes.tell(['a']);
    await until(() => source.revision === 1);
    changes.tell(null);
    await until(() => source.revision === 2);
  });
});

describe('Sourced', () => {
  it('asks while it can be seen, and once for each question', async () => {
    const { query, changes, source } = parts();
    const asked: IRunTarget[] = [];
    const sourced = new Sourced<number>(source);
    const load = (target: IRunTarget) => Promise.resolve(asked.push(target));
    sourced.setLoad(load);
    await settle();
    expect(asked).toHaveLength(0);
    sourced.setVisible(true);
    await until(() => sourced.value === 1);
    sourced.setVisible(true);
    sourced.setVisible(false);
    query.set({ query: '' });
    changes.tell(null);
    await until(() => source.revision === 1);
    expect(asked).toHaveLength(1);
    sourced.setVisible(true);
    await until(() => sourced.value === 2);
    expect(asked[1]).toEqual({ scope: query.scope });
  });

  it('keeps the last answer when the next is an error, and tries again when asked', async () => {
    const { source } = parts();
    const sourced = new Sourced<string>(source);
    sourced.setVisible(true);
    sourced.setLoad(() => Promise.resolve('first'));
    await until(() => sourced.value === 'first');
    let fails = true;
    sourced.setLoad(() => (fails ? Promise.reject(new Error('gone')) : Promise.resolve('second')));
    await until(() => sourced.error !== null);
    expect(sourced.value).toBe('first');
    fails = false;
    sourced.refresh();
    await until(() => sourced.value === 'second');
    expect(sourced.error).toBeNull();
  });

  it('drops an answer that came after the next question', async () => {
    const { query, source } = parts();
    const answers: ((value: string) => void)[] = [];
    const sourced = new Sourced<string>(source);
    sourced.setVisible(true);
    sourced.setLoad(() => new Promise<string>(resolve => answers.push(resolve)));
    query.set({ query: 'b' });
    expect(answers).toHaveLength(2);
    answers[1]('new');
    await until(() => sourced.value === 'new');
    answers[0]('old');
    await settle();
    expect(sourced.value).toBe('new');
  });
});
