import { type KernelMessage } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import { type ISnapshotInfo } from '../../src/client/types';
import {
  Freezer,
  type FrozenNotebook,
  type IFreezableCell,
  type IFreezableNotebook
} from '../../src/snapshots/freezer';
import { SnapshotKeeper } from '../../src/snapshots/keeper';
import { changedRun, FakeChanges, PROJECT, settle, until } from '../support/fakes';

/** A shared cell that counts how often it is read. */
class FakeCell implements IFreezableCell {
  readonly changed = new Signal<this, unknown>(this);
  reads = 0;

  constructor(
    readonly id: string,
    private _source: string
  ) {}

  write(source: string): void {
    this._source = source;
    this.changed.emit({});
  }

  toJSON() {
    this.reads += 1;
    const metadata = { trusted: true, tags: ['a'] };
    return { id: this.id, cell_type: 'code', source: this._source, metadata };
  }
}

class FakeNotebook implements IFreezableNotebook {
  cells: FakeCell[] = [new FakeCell('one', 'a = 1'), new FakeCell('two', 'b = 2')];
  metadata = { kernelspec: { name: 'python3', display_name: 'Python 3' } };
  nbformat = 4;
  nbformat_minor = 5;
}

function sources(notebook: FrozenNotebook): unknown[] {
  return notebook.cells.map(cell => cell.source);
}

describe('Freezer', () => {
  it('gives the notebook as a file holds it', () => {
    expect(new Freezer(new FakeNotebook()).freeze()).toEqual({
      cells: [
        { id: 'one', cell_type: 'code', source: 'a = 1', metadata: { tags: ['a'] } },
        { id: 'two', cell_type: 'code', source: 'b = 2', metadata: { tags: ['a'] } }
      ],
      metadata: { kernelspec: { name: 'python3', display_name: 'Python 3' } },
      nbformat: 4,
      nbformat_minor: 5
    });
  });

  it('leaves out ids in formats that have none', () => {
    const notebook = new FakeNotebook();
    notebook.nbformat_minor = 4;
    expect(new Freezer(notebook).freeze().cells[0]).not.toHaveProperty('id');
  });

  it('reads only what changed, and keeps what it gave before', () => {
    const notebook = new FakeNotebook();
    const freezer = new Freezer(notebook);
    const before = freezer.freeze();
    expect(freezer.freeze()).toBe(before);
    notebook.cells[1].write('b = 3');
    const after = freezer.freeze();
    expect(sources(before)).toEqual(['a = 1', 'b = 2']);
    expect(sources(after)).toEqual(['a = 1', 'b = 3']);
    expect(after.cells[0]).toBe(before.cells[0]);
    expect(notebook.cells[0].reads).toBe(1);
  });

  it('sees cells that came, went and moved', () => {
    const notebook = new FakeNotebook();
    const freezer = new Freezer(notebook);
    freezer.freeze();
    notebook.cells = [notebook.cells[1], new FakeCell('three', 'c')];
    expect(sources(freezer.freeze())).toEqual(['b = 2', 'c']);
  });
});

interface IPut {
  run: string;
  moment: string;
  notebook: FrozenNotebook;
}

function makeKeeper() {
  const puts: IPut[] = [];
  const failing = { times: 0 };
  const client = {
    putSnapshot: (_: string, run: string, moment: 'start' | 'end', notebook: FrozenNotebook) => {
      puts.push({ run, moment, notebook });
      if (failing.times > 0) {
        failing.times -= 1;
        return Promise.reject(new Error('away'));
      }
      return Promise.resolve({} as ISnapshotInfo);
    }
  };
  const changes = new FakeChanges();
  const keeper = new SnapshotKeeper({ client, changes });
  const notebook = new FakeNotebook();
  const watched = keeper.watch(notebook);
  const tell = (change: Parameters<typeof changedRun>[1]) =>
    changes.changed.emit({
      project: PROJECT.id,
      revision: 1,
      runs: [changedRun('run', change)],
      jobs: []
    });
  return { keeper, changes, notebook, watched, puts, tell, failing };
}

function message(type: string, id: string, parent = '', content: object = {}, metadata = {}) {
  return {
    header: { msg_type: type, msg_id: id },
    parent_header: parent ? { msg_id: parent } : {},
    metadata,
    content
  } as unknown as KernelMessage.IMessage;
}

const request = (id: string, cellId: string) => message('execute_request', id, '', {}, { cellId });
const reply = (parent: string) => message('execute_reply', 'r', parent);
const idle = (parent: string) => message('status', 's', parent, { execution_state: 'idle' });

describe('SnapshotKeeper', () => {
  it('sends the notebook as it was when the user ran the cell', async () => {
    const { notebook, watched, puts, tell } = makeKeeper();
    watched.scheduled('one');
    notebook.cells[0].write('a = 1  # edited while the kernel was busy');
    watched.heard('send', request('m1', 'one'));
    notebook.cells[1].write('b = 3');
    tell({ message_id: 'm1' });
    await settle();
    expect(puts.map(({ run, moment }) => [run, moment])).toEqual([['run', 'start']]);
    expect(sources(puts[0].notebook)).toEqual(['a = 1', 'b = 2']);
  });

  it('sends the end after the reply and the last output', async () => {
    const { notebook, watched, puts, tell } = makeKeeper();
    watched.scheduled('one');
    watched.heard('send', request('m1', 'one'));
    const has = { start: true, end: false };
    tell({ message_id: 'm1', end_message_id: 'm1', has_document: has });
    watched.heard('recv', reply('m1'));
    await settle();
    expect(puts).toEqual([]);
    watched.heard('recv', idle('m1'));
    notebook.cells[0].write('a = 1  # with its output');
    await until(() => puts.length === 1);
    expect(puts[0].moment).toBe('end');
    expect(sources(puts[0].notebook)[0]).toBe('a = 1  # with its output');
  });

  it('sends the end, too, when it hears of it late', async () => {
    const { notebook, watched, puts, tell } = makeKeeper();
    watched.heard('send', request('m1', 'one'));
    watched.heard('recv', idle('m1'));
    watched.heard('recv', reply('m1'));
    await settle();
    notebook.cells[0].write('something else');
    tell({ end_message_id: 'm1', has_document: { start: true, end: false } });
    await until(() => puts.length === 1);
    expect(sources(puts[0].notebook)[0]).toBe('a = 1');
  });

  it('sends each once, and nothing that the server has', async () => {
    const { watched, puts, tell } = makeKeeper();
    watched.heard('send', request('m1', 'one'));
    tell({ message_id: 'm1' });
    tell({ message_id: 'm1' });
    await settle();
    tell({ message_id: 'm1' });
    tell({ message_id: 'm1', has_document: { start: true, end: true }, end_message_id: 'm1' });
    await settle();
    expect(puts).toHaveLength(1);
  });

  it('knows nothing of runs that other browsers started', async () => {
    const { watched, puts, tell } = makeKeeper();
    watched.heard('recv', request('m1', 'one'));
    watched.heard('send', message('execute_request', 'm2'));
    tell({ message_id: 'm1' });
    tell({ message_id: 'm2' });
    tell({ message_id: null });
    await settle();
    expect(puts).toEqual([]);
  });

  it('tries again a few times, then leaves it to the server', async () => {
    jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const { watched, puts, tell, failing } = makeKeeper();
    failing.times = 10;
    watched.heard('send', request('m1', 'one'));
    for (let turn = 0; turn < 6; turn += 1) {
      tell({ message_id: 'm1' });
      await settle();
    }
    expect(puts).toHaveLength(3);
  });

  it('sends nothing when it is told not to, or when the notebook was closed', async () => {
    const { keeper, watched, puts, tell } = makeKeeper();
    watched.heard('send', request('m1', 'one'));
    keeper.isEnabled = false;
    tell({ message_id: 'm1' });
    keeper.isEnabled = true;
    watched.dispose();
    tell({ message_id: 'm1' });
    await settle();
    expect(puts).toEqual([]);
  });

  it('remembers all cells of a long “Run all”, and not all cells for ever', async () => {
    const { watched, puts, tell } = makeKeeper();
    for (let cell = 0; cell < 1500; cell += 1) {
      watched.heard('send', request(`m${cell}`, 'one'));
    }
    tell({ message_id: 'm0' });
    tell({ message_id: 'm900' });
    await settle();
    expect(puts).toHaveLength(1);
  });
});
