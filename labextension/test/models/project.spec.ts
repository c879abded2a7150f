import { ApiError } from '../../src/client/errors';
import { type IProject } from '../../src/client/types';
import { ProjectModel } from '../../src/models/project';
import { FakeChanges, PROJECT, until } from '../support/fakes';

const OFTEN = { interval: 2, backoff: false, max: 100 };

class FakeProjects {
  readonly asked: string[] = [];
  answer: IProject | null | Error = PROJECT;

  async findProject(path: string): Promise<IProject | null> {
    this.asked.push(path);
    await Promise.resolve();
    if (this.answer instanceof Error) {
      throw this.answer;
    }
    return this.answer;
  }
}

function makeModel() {
  const client = new FakeProjects();
  const changes = new FakeChanges();
  const model = new ProjectModel({ client, changes, frequency: OFTEN, standby: 'never' });
  return { client, changes, model };
}

describe('ProjectModel', () => {
  it('is the project of the notebook, which it watches', async () => {
    const { client, changes, model } = makeModel();
    model.follow('work/churn/a.ipynb', '');
    await until(() => model.project !== null);
    expect(model.notebook).toBe('work/churn/a.ipynb');
    expect(client.asked).toEqual(['work/churn/a.ipynb']);
    expect(changes.watched).toEqual([PROJECT.id]);
    expect(model.known(PROJECT.id)).toEqual(PROJECT);
    model.dispose();
    expect(changes.watched).toEqual([]);
  });

  it('is that of the folder when no notebook is open', async () => {
    const { client, model } = makeModel();
    model.follow(null, 'work');
    await until(() => model.isReady);
    expect(client.asked).toEqual(['work']);
    expect(model.notebook).toBeNull();
    model.dispose();
  });

  it('asks again until the first run has made a store', async () => {
    const { client, model } = makeModel();
    client.answer = null;
    model.follow('a.ipynb', '');
    await until(() => client.asked.length > 2);
    expect(model.isReady).toBe(true);
    expect(model.project).toBeNull();
    client.answer = PROJECT;
    await until(() => model.project !== null);
    model.dispose();
  });

  it('asks at once when something ran', async () => {
    const client = new FakeProjects();
    client.answer = null;
    const changes = new FakeChanges();
    const frequency = { interval: 1_000_000, backoff: false, max: 1_000_000 };
    const model = new ProjectModel({ client, changes, frequency, standby: 'never' });
    model.follow('a.ipynb', '');
    await until(() => model.isReady);
    client.answer = PROJECT;
    model.poke();
    await until(() => model.project !== null);
    model.dispose();
  });

  it('keeps the project while an answer is under way, and when it fails', async () => {
    const { client, model } = makeModel();
    model.follow('a.ipynb', '');
    await until(() => model.project !== null);
    client.answer = new ApiError('network', 'The server didn’t answer.', 0);
    model.follow('b.ipynb', '');
    expect(model.project).toEqual(PROJECT);
    await until(() => model.error !== null);
    expect(model.project).toEqual(PROJECT);
    client.answer = { ...PROJECT, id: 'other' };
    await until(() => model.project?.id === 'other');
    expect(model.error).toBeNull();
    model.dispose();
  });

  it('says nothing of a notebook in the same project but its path', async () => {
    const { model, changes } = makeModel();
    model.follow('a.ipynb', '');
    await until(() => model.project !== null);
    model.follow('b.ipynb', '');
    await until(() => model.notebook === 'b.ipynb');
    expect(changes.watched).toEqual([PROJECT.id]);
    model.dispose();
  });
});
