import { decodeSeries } from '../../src/client/numbers';
import { type ISeriesQuery } from '../../src/client/tokens';
import { type ISeries } from '../../src/client/types';
import { CurveBoard } from '../../src/models/curves';
import { FakeChanges, PROJECT, settle, until } from '../support/fakes';
import { runId, sample } from '../support/samples';

describe('CurveModel', () => {
  class FakeSeries {
    readonly asked: ISeriesQuery[] = [];

    series(_: string, query: ISeriesQuery): Promise<ISeries[]> {
      this.asked.push(query);
      return Promise.resolve(sample<{ series: ISeries[] }>('series').series.map(decodeSeries));
    }
  }

  function makeBoard() {
    const client = new FakeSeries();
    const changes = new FakeChanges();
    const runs = [runId(1), runId(2)];
    const board = new CurveBoard({ client, changes, project: PROJECT.id, runs, limit: 1 });
    return { client, changes, board, model: board.get('loss') };
  }

  it('asks for as many points as the chart is wide, once it can be seen', async () => {
    const { client, model } = makeBoard();
    await settle();
    expect(client.asked).toEqual([]);
    model.setWidth(612);
    await until(() => model.series !== null);
    expect(client.asked).toEqual([{ key: 'loss', runs: [runId(1), runId(2)], maxPoints: 700 }]);
    model.setWidth(650);
    model.setWidth(300);
    expect(client.asked).toHaveLength(1);
    model.setWidth(1300);
    expect(client.asked[1].maxPoints).toBe(1300);
  });

  it('follows its runs while it can be seen', async () => {
    const { client, changes, model } = makeBoard();
    model.setWidth(400);
    await until(() => model.series !== null);
    changes.tell(['another']);
    changes.tell([runId(2)]);
    await until(() => client.asked.length === 2);
    model.setWidth(0);
    changes.tell([runId(2)]);
    await settle();
    expect(client.asked).toHaveLength(2);
    model.setWidth(400);
    await until(() => client.asked.length === 3);
  });

  it('is one for each metric, and goes with its board', () => {
    const { changes, board, model } = makeBoard();
    expect(board.get('loss')).toBe(model);
    expect(board.get('acc')).not.toBe(model);
    board.dispose();
    expect(model.isDisposed).toBe(true);
    expect(changes.watched).toEqual([]);
  });
});
