import { ApiError } from '../../src/client/errors';
import { decodeDetail } from '../../src/client/numbers';
import { type ICellContent, type IRun, type IRunDetail } from '../../src/client/types';
import { RunModel } from '../../src/models/run';
import { FakeChanges, PROJECT, settle, until } from '../support/fakes';
import { sample } from '../support/samples';

const detail = decodeDetail(sample<IRunDetail>('run-detail'));

class FakeDetail {
  readonly asked: string[] = [];
  answer: IRunDetail | Error = detail;

  run(_: string, id: string): Promise<IRunDetail> {
    this.asked.push(id);
    return this.answer instanceof Error
      ? Promise.reject(this.answer)
      : Promise.resolve(this.answer);
  }

  editRun(_: string, __: string, edit: { name?: string }): Promise<IRun> {
    return Promise.resolve({ ...detail.run, ...edit });
  }

  cell(_: string, __: string, order: number): Promise<ICellContent> {
    this.asked.push(`cell ${order}`);
    return Promise.resolve(sample<ICellContent>('cell'));
  }

  artifact(): Promise<Blob> {
    return Promise.resolve(new Blob());
  }

  artifactUrl(): string {
    return 'url';
  }
}

describe('RunModel', () => {
  function makeModel() {
    const client = new FakeDetail();
    const changes = new FakeChanges();
    const { id } = detail.run;
    const model = new RunModel({ client, changes, project: PROJECT.id, id, limit: 1 });
    return { client, changes, model, id };
  }

  it('asks again when the run changes, and for no other', async () => {
    const { client, changes, model, id } = makeModel();
    await until(() => model.detail !== null);
    changes.tell(['another']);
    await settle();
    expect(client.asked).toEqual([id]);
    changes.tell([id]);
    await until(() => client.asked.length === 2);
    changes.tell(null);
    await until(() => client.asked.length === 3);
    model.dispose();
    expect(changes.watched).toEqual([]);
  });

  it('keeps what it knows when the server is away', async () => {
    const { client, changes, model } = makeModel();
    await until(() => model.detail !== null);
    client.answer = new ApiError('network', 'The server didn’t answer.', 0);
    changes.tell(null);
    await until(() => model.error !== null);
    expect(model.run?.id).toBe(detail.run.id);
  });

  it('shows an edit at once', async () => {
    const { model } = makeModel();
    await until(() => model.detail !== null);
    await model.edit({ name: 'renamed' });
    expect(model.run?.name).toBe('renamed');
  });

  it('asks for a cell that has ended once, and for a running one after each change', async () => {
    const { client, changes, model } = makeModel();
    await until(() => model.detail !== null);
    const [cell] = detail.cells;
    const ended = { ...cell, order: 1, status: 'ok' as const };
    const running = { ...cell, order: 2, status: 'running' as const };
    for (const execution of [ended, ended, running, running]) {
      await model.cell(execution);
    }
    expect(client.asked.filter(what => what.startsWith('cell'))).toEqual(['cell 1', 'cell 2']);
    client.answer = { ...detail };
    const { version } = model;
    changes.tell(null);
    await until(() => model.version > version);
    await model.cell(ended);
    await model.cell(running);
    expect(client.asked.filter(what => what === 'cell 2')).toHaveLength(2);
    expect(client.asked.filter(what => what === 'cell 1')).toHaveLength(1);
  });
});
