import { type ISweep, type ISweepDetail } from '../../src/client/sweeps';
import { FixedProject } from '../../src/models/fixedProject';
import { SweepModel } from '../../src/models/sweep';
import { SweepsModel } from '../../src/models/sweeps';
import { FakeChanges, PROJECT, until } from '../support/fakes';
import { makeDetail, makeSweep } from '../support/sweeps';

const QUICK = { frequency: { interval: 2, backoff: false, max: 50 }, standby: 'never' as const };

const SELDOM = { interval: 60_000, backoff: false, max: 60_000 };

describe('SweepsModel', () => {
  it('follows sweeps while they go on, and rests when they have ended', async () => {
    let sweeps: ISweep[] = [makeSweep()];
    let asked = 0;
    const client = {
      sweeps: () => {
        asked += 1;
        return Promise.resolve(sweeps);
      }
    };
    const changes = new FakeChanges();
    const project = new FixedProject(PROJECT.id);
    const model = new SweepsModel({ client, changes, project, ...QUICK });
    await until(() => asked > 3);
    expect(model.going).toBe(1);
    const version = model.version;
    await until(() => asked > 6);
    expect(model.version).toBe(version); // nothing is drawn anew where nothing changed
    sweeps = [makeSweep({ status: 'finished' })];
    await until(() => model.going === 0);
    const rested = asked;
    await new Promise(resolve => setTimeout(resolve, 30));
    expect(asked).toBeLessThan(rested + 2);
    sweeps = [makeSweep(), ...sweeps];
    changes.tell([sweeps[0].id]);
    await until(() => model.sweeps.length === 2);
    model.dispose();
  });
});

describe('SweepsModel beside runs of its own', () => {
  it('asks when they begin or end, not when they log', async () => {
    let asked = 0;
    const client = {
      sweeps: () => {
        asked += 1;
        return Promise.resolve([]);
      }
    };
    const changes = new FakeChanges();
    const project = new FixedProject(PROJECT.id);
    const model = new SweepsModel({ client, changes, project, frequency: SELDOM });
    await until(() => model.isReady);
    const before = asked;
    changes.tell(['first']);
    await until(() => asked === before + 1);
    changes.tell(['first']);
    changes.tell(['first', 'second']);
    await until(() => asked === before + 2);
    await model.refresh();
    expect(asked).toBe(before + 3); // what was logged has not made it ask once more
    model.dispose();
  });
});

describe('SweepModel', () => {
  it('keeps the order of its trials while they change', async () => {
    let detail: ISweepDetail = makeDetail();
    const client = { sweep: () => Promise.resolve(detail) };
    const options = { client, changes: new FakeChanges(), project: PROJECT.id, id: detail.id };
    const model = new SweepModel({ ...options, ...QUICK });
    await until(() => model.sweep !== null);
    expect(model.trials[0].trial).toBe(5);
    model.sortBy('value:0');
    model.sortBy('value:0');
    expect(model.order).toEqual({ column: 'value:0', isReverse: true });
    expect(model.trials[0].trial).toBe(3);
    const runs = detail.runs.map(trial =>
      trial.trial === 5 ? { ...trial, status: 'finished' as const, values: [0.99] } : trial
    );
    detail = { ...detail, runs };
    await until(() => model.trials[0].trial === 5);
    model.dispose();
  });
});
