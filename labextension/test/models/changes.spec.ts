import { Signal } from '@lumino/signaling';

import { Changes, type IChange } from '../../src/models/changes';
import { FakeRuns, PROJECT, settle, until } from '../support/fakes';
import { manyRuns, sample } from '../support/samples';

const OFTEN = { interval: 3, backoff: false, max: 100 };

function makeChanges() {
  const client = new FakeRuns(manyRuns(1));
  const sender = {};
  const events = new Signal<object, { schema_id: string }>(sender);
  const changes = new Changes({
    client,
    events: events,
    frequency: OFTEN,
    standby: 'never'
  });
  const heard: IChange[] = [];
  changes.changed.connect((_, change) => heard.push(change));
  return { client, events, changes, heard };
}

describe('Changes', () => {
  it('tell what the event stream tells', () => {
    const { events, changes, heard } = makeChanges();
    const event = sample<{ schema_id: string; runs: { id: string }[] }>('event');
    events.emit(event);
    expect(heard).toHaveLength(1);
    expect(heard[0].project).toBe(PROJECT.id);
    expect(heard[0].runs?.map(run => run.id)).toEqual(event.runs.map(run => run.id));
    expect(heard[0].runs?.[1].has_document).toEqual({ start: true, end: true });
    changes.dispose();
  });

  it('leave alone what others put on the bus', () => {
    const { events, changes, heard } = makeChanges();
    events.emit({ schema_id: 'https://events.jupyter.org/jupyter_server/contents_service/v1' });
    expect(heard).toEqual([]);
    changes.dispose();
  });

  it('are found by asking while no event comes', async () => {
    const { client, changes, heard } = makeChanges();
    changes.watch(PROJECT.id);
    await until(() => client.asked.length > 2);
    expect(heard).toEqual([]);
    client.revision = 7;
    await until(() => heard.length > 0);
    expect(heard[0]).toEqual({ project: PROJECT.id, revision: 7, runs: null, jobs: null });
    changes.dispose();
  });

  it('are not told twice', async () => {
    const { client, changes, heard } = makeChanges();
    changes.watch(PROJECT.id);
    await until(() => client.asked.length > 1);
    client.revision = 8;
    changes.met(PROJECT.id, 8);
    const before = client.asked.length;
    await until(() => client.asked.length > before + 2);
    expect(heard).toEqual([]);
    changes.dispose();
  });

  it('are taken for granted when the server was away', async () => {
    const { client, changes, heard } = makeChanges();
    changes.watch(PROJECT.id);
    await until(() => client.asked.length > 0);
    client.error = new Error('away');
    const before = client.asked.length;
    await until(() => client.asked.length > before);
    client.error = null;
    await until(() => heard.length > 0);
    expect(heard[0].runs).toBeNull();
    changes.dispose();
  });

  it('are asked for only while somebody watches', async () => {
    const { client, changes } = makeChanges();
    const first = changes.watch(PROJECT.id);
    const second = changes.watch(PROJECT.id);
    await until(() => client.asked.length > 0);
    first.dispose();
    const before = client.asked.length;
    await until(() => client.asked.length > before);
    second.dispose();
    await settle();
    const after = client.asked.length;
    await new Promise(resolve => setTimeout(resolve, 30));
    expect(client.asked.length).toBe(after);
    changes.dispose();
  });
});
