import { ApiError } from '../../src/client/errors';
import { decodeDetail } from '../../src/client/numbers';
import {
  type ICellContent,
  type IJob,
  type IRichValue,
  type IRun,
  type IRunDetail
} from '../../src/client/types';
import { type IDiagnosis } from '../../src/client/reproduction';
import { type IResumption } from '../../src/client/resumption';
import { type IVerdict } from '../../src/client/verdict';
import { RunModel } from '../../src/models/run';
import { FakeChanges, PROJECT, settle, until } from '../support/fakes';
import { sample } from '../support/samples';

const detail = decodeDetail(sample<IRunDetail>('run-detail'));

class FakeDetail {
  readonly asked: string[] = [];
  answer: IRunDetail | Error = detail;
  content = Promise.resolve(new Blob(['content']));
  judged = Promise.resolve<IVerdict>({ clean: true, cells: [] });

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

  job(): Promise<IJob> {
    this.asked.push('job');
    return Promise.resolve(sample<IJob>('job'));
  }

  artifact(): Promise<Blob> {
    return Promise.resolve(new Blob());
  }

  artifactUrl(): string {
    return 'url';
  }

  value(_: string, __: string, value: IRichValue): Promise<Blob> {
    this.asked.push(`value ${value.digest}`);
    return this.content;
  }

  valueUrl(): string {
    return 'url';
  }

  verdict(): Promise<IVerdict> {
    this.asked.push('verdict');
    return this.judged;
  }

  diagnosis(_: string, run_id: string): Promise<IDiagnosis> {
    return Promise.resolve({ run_id, obstacles: [] });
  }

  resumption(): Promise<IResumption> {
    return Promise.reject(new Error('It did not fail.'));
  }

  environmentText(_: string, __: string, part: string): Promise<string> {
    return Promise.resolve(part);
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

  it('asks for the outputs of a running cell as often as it is told to, for those of others once', async () => {
    const { client, model } = makeModel();
    await until(() => model.detail !== null);
    const [cell] = detail.cells;
    const running = { ...cell, status: 'running' as const };
    await model.cell(running);
    await model.cell(running);
    expect(client.asked.filter(what => what === 'cell 1').length).toBe(1);
    await model.cell(running, true);
    expect(client.asked.filter(what => what === 'cell 1').length).toBe(2);
    await model.cell(cell, true);
    await model.cell(cell, true);
    expect(client.asked.filter(what => what === 'cell 1').length).toBe(3);
    model.dispose();
  });

  it('has a job only where it is one of a job', async () => {
    const { client, model } = makeModel();
    await until(() => model.detail !== null);
    expect(await model.job()).toBeNull();
    expect(client.asked).not.toContain('job');
    model.dispose();
  });

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

  it('asks for the content of a value once, and again after an error', async () => {
    const { client, model } = makeModel();
    const { value } = detail.values[0];
    expect((await model.value(value)).type).toBe('application/json');
    await model.value({ ...value, step: 7 });
    expect(client.asked.filter(what => what.startsWith('value'))).toHaveLength(1);
    const other = { ...value, digest: 'other' };
    client.content = Promise.reject(new ApiError('network', 'The server didn’t answer.', 0));
    await expect(model.value(other)).rejects.toThrow('didn’t answer');
    client.content = Promise.resolve(new Blob());
    await model.value(other);
    expect(client.asked.filter(what => what === 'value other')).toHaveLength(2);
  });

  it('lets go of the contents that were not asked for in the longest time', async () => {
    const { client, model } = makeModel();
    const { value } = detail.values[0];
    const ask = (digest: string) => model.value({ ...value, digest });
    await ask('first');
    for (let count = 0; count < 39; count += 1) {
      await ask(`digest ${count}`);
    }
    await ask('first');
    await ask('one too many');
    await ask('first');
    expect(client.asked.filter(what => what === 'value first')).toHaveLength(1);
    await ask('digest 0');
    expect(client.asked.filter(what => what === 'value digest 0')).toHaveLength(2);
  });

  it('has no verdict where the server gives none, and another when cells have run', async () => {
    const { client, changes, model } = makeModel();
    await until(() => model.detail !== null);
    client.judged = Promise.reject(new ApiError('not_found', 'There is no resource.', 404));
    expect(await model.verdict()).toBeNull();
    expect(await model.verdict()).toBeNull();
    expect(client.asked.filter(what => what === 'verdict')).toHaveLength(1);
    client.judged = Promise.resolve({ clean: true, cells: [] });
    const change = async (answer: IRunDetail) => {
      client.answer = answer;
      const { version } = model;
      changes.tell(null);
      await until(() => model.version > version);
    };
    await change({ ...detail, series: [] });
    expect(await model.verdict()).toBeNull();
    await change({ ...detail, cells: [...detail.cells, { ...detail.cells[0], order: 7 }] });
    expect((await model.verdict())?.clean).toBe(true);
  });
});
