import { ApiError } from '../../../src/client/errors';
import { BLOCK, type IPart, Windowed } from '../../../src/models/table/windowed';
import { settle, until } from '../../support/fakes';

interface IItem {
  key: string;
  text: string;
}

class Server {
  readonly asked: number[] = [];
  readonly given: number[] = [];
  total = 10_000;
  /** What stands at places that have changed. */
  order: Record<number, number> = {};
  error: ApiError | null = null;
  gate: Promise<void> = Promise.resolve();

  load = async (offset: number, limit: number, signal: AbortSignal): Promise<IPart<IItem>> => {
    this.asked.push(offset / BLOCK);
    await this.gate;
    if (signal.aborted) {
      this.given.push(offset / BLOCK);
      throw Object.assign(new Error('aborted'), { name: 'AbortError' });
    }
    if (this.error) {
      throw this.error;
    }
    const count = Math.max(0, Math.min(limit, this.total - offset));
    const items = Array.from({ length: count }, (_, place) => ({
      key: String(this.order[offset + place] ?? offset + place),
      text: 'old'
    }));
    return { total: this.total, items };
  };
}

function makeList(kept?: number) {
  const server = new Server();
  const list = new Windowed<IItem>(item => item.key, kept);
  list.ask(server.load);
  return { server, list };
}

describe('Windowed', () => {
  it('asks for the blocks in sight, and for those just ahead', async () => {
    const { server, list } = makeList();
    await until(() => list.isReady);
    expect(list.total).toBe(10_000);
    expect(list.at(0)?.key).toBe('0');
    expect(server.asked).toEqual([0]);
    list.setWindow(170, 199);
    await until(() => list.at(200) !== undefined);
    expect(server.asked).toEqual([0, 1]);
    expect(list.indexOf('250')).toBe(250);
    list.setWindow(171, 199);
    await settle();
    expect(server.asked).toEqual([0, 1]);
  });

  it('gives up what has scrolled past before it came', async () => {
    const { server, list } = makeList();
    await until(() => list.isReady);
    let open = () => undefined as void;
    server.gate = new Promise(resolve => {
      open = resolve;
    });
    list.setWindow(2000, 2030);
    list.setWindow(6000, 6030);
    list.setWindow(9000, 9030);
    server.gate = Promise.resolve();
    open();
    await until(() => list.at(9000) !== undefined);
    expect(server.given).toEqual(expect.arrayContaining([9, 10]));
    expect(list.at(2000)).toBeUndefined();
    expect(server.asked).not.toContain(30);
  });

  it('keeps the blocks that were looked at last, and no more', async () => {
    const { list } = makeList(3);
    await until(() => list.isReady);
    for (const block of [4, 9, 14, 19]) {
      list.setWindow(block * BLOCK + 90, block * BLOCK + 100);
      await until(() => list.at(block * BLOCK + 90) !== undefined);
    }
    expect(list.at(0)).toBeUndefined();
    expect(list.indexOf('0')).toBe(-1);
    expect([...list.known(0, 9999)]).toHaveLength(3 * BLOCK);
  });

  it('leaves the old rows standing until another question is answered', async () => {
    const { server, list } = makeList();
    await until(() => list.isReady);
    server.total = 7;
    list.ask(server.load);
    expect(list.isReady).toBe(false);
    expect(list.at(0)?.key).toBe('0');
    await until(() => list.isReady);
    expect(list.total).toBe(7);
    expect(list.at(7)).toBeUndefined();
  });

  it('finds its rows again when the list has become shorter than the window', async () => {
    const { server, list } = makeList();
    await until(() => list.isReady);
    list.setWindow(9000, 9030);
    await until(() => list.at(9000) !== undefined);
    server.total = 300;
    list.reload();
    await until(() => list.total === 300 && list.at(250) !== undefined);
    expect(list.at(299)?.key).toBe('299');
  });

  it('shows no row twice when the order changes between two requests', async () => {
    const { server, list } = makeList();
    await until(() => list.isReady);
    // Two rows have changed places, one of them in sight, before the block of the other comes.
    server.order = { 10: 250, 250: 10 };
    list.setWindow(190, 230);
    await until(() => list.at(250) !== undefined);
    expect(list.at(10)?.key).toBe('250');
    expect(list.at(250)?.key).toBe('10');
    expect(list.indexOf('10')).toBe(250);
    const keys = [...list.known(0, 399)].map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(server.asked).toEqual([0, 1, 0]);
  });

  it('leaves what is known standing until the whole has come, and gives it up for another question', async () => {
    const { server, list } = makeList();
    await until(() => list.isReady);
    server.order = { 10: 250, 250: 10 };
    list.setWindow(190, 230);
    server.gate = new Promise(() => undefined);
    await until(() => server.asked.length === 3);
    expect(list.at(10)?.key).toBe('10');
    expect(list.at(250)).toBeUndefined();
    server.gate = Promise.resolve();
    server.order = {};
    server.total = 5000;
    list.reload();
    await until(() => list.total === 5000 && list.at(399) !== undefined);
    expect(list.at(10)?.key).toBe('10');
  });

  it('fits blocks together when rows have gone between two requests', async () => {
    const { server, list } = makeList();
    await until(() => list.isReady);
    server.total = 9000;
    list.setWindow(190, 230);
    await until(() => list.total === 9000 && list.at(399) !== undefined);
    expect(list.at(0)?.key).toBe('0');
    list.setWindow(8990, 8999);
    await until(() => list.at(8999) !== undefined);
  });

  it('says why there is nothing, and asks again when it is told to', async () => {
    const { server, list } = makeList();
    await until(() => list.isReady);
    server.error = new ApiError('network', 'The server didn’t answer.', 0);
    list.reload();
    await until(() => list.error !== null);
    expect(list.at(0)?.key).toBe('0');
    server.error = null;
    list.reload();
    await until(() => list.isReady);
    expect(list.error).toBeNull();
  });

  it('puts newer states in their places, and forgets what is out of sight', async () => {
    const { list } = makeList();
    await until(() => list.isReady);
    list.setWindow(1000, 1030);
    await until(() => list.at(1000) !== undefined);
    list.patch([
      { key: '1001', text: 'new' },
      { key: 'nobody', text: 'new' }
    ]);
    expect(list.at(1001)?.text).toBe('new');
    list.forget(item => item.key === '3' || item.key === '1002');
    expect(list.at(3)).toBeUndefined();
    expect(list.at(1002)?.text).toBe('old');
  });
});
