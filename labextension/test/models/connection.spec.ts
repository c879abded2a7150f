import { Signal } from '@lumino/signaling';

import { ApiError } from '../../src/client/errors';
import { Changes } from '../../src/models/changes';
import { ConnectionModel } from '../../src/models/connection';
import { FakeRuns, PROJECT, until } from '../support/fakes';
import { manyRuns } from '../support/samples';

const GONE = new ApiError('network', 'The server didn’t answer.', 0);

describe('ConnectionModel', () => {
  it('is lost where nobody answers, since the last answer', () => {
    let now = 1000;
    const connection = new ConnectionModel({ now: () => now });
    const heard: (number | null)[] = [];
    connection.changed.connect(() => heard.push(connection.lostSince));
    connection.answered();
    now = 5000;
    connection.failed(GONE);
    now = 9000;
    connection.failed(new ApiError('http', 'The server answered 503', 503));
    expect(connection.lostSince).toBe(1000);
    connection.answered();
    connection.answered();
    expect(heard).toEqual([1000, null]);
  });

  it('is there where the server answers with an error of its own', () => {
    const connection = new ConnectionModel();
    connection.failed(new ApiError('not_found', 'There is no such project', 404));
    connection.failed(new ApiError('store_unreachable', 'The database is away', 503));
    expect(connection.lostSince).toBeNull();
    connection.failed(GONE);
    connection.failed(new ApiError('internal', 'A fault', 500));
    expect(connection.lostSince).toBeNull();
  });

  it('follows the poll for changes, and a retry asks at once', async () => {
    const client = new FakeRuns(manyRuns(1));
    const connection = new ConnectionModel();
    const changes = new Changes({
      client,
      connection,
      events: new Signal<object, { schema_id: string }>({}),
      frequency: { interval: 1_000_000, backoff: false, max: 1_000_000 },
      standby: 'never'
    });
    connection.retry(); // nothing is watched: nobody is asked
    expect(client.asked).toEqual([]);
    client.error = GONE;
    changes.watch(PROJECT.id);
    await until(() => connection.lostSince !== null);
    let news = 0;
    changes.changed.connect(() => (news += 1));
    client.error = null;
    connection.retry();
    await until(() => connection.lostSince === null);
    // What was missed meanwhile is not known: everybody reads again.
    await until(() => news === 1);
    changes.dispose();
  });
});
