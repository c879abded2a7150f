import {
  type ISweep,
  type ISweepDetail,
  type ISweepTrial,
  type ITrialCounts
} from '../../src/client/sweeps';
import { runId } from './samples';

const COUNTS: ITrialCounts = {
  total: 6,
  finished: 3,
  failed: 1,
  pruned: 1,
  cancelled: 0,
  running: 1,
  queued: 0
};

/** A sweep in the midst of its work, but for a change. */
export function makeSweep(change: Partial<ISweep> = {}): ISweep {
  return {
    id: runId(900),
    run: runId(900),
    number: 10,
    notebook: 'work/train.ipynb',
    experiment: 'churn',
    status: 'running',
    sampler: 'tpe',
    trials: COUNTS,
    best: {
      run: runId(3),
      number: 13,
      params: { lr: 0.1, depth: 4 },
      value: 0.91,
      values: [0.91]
    },
    objectives: [{ metric: 'acc', direction: 'max' }],
    space: {
      lr: { kind: 'float', low: 0.001, high: 1, log: true },
      depth: { kind: 'choices', values: [2, 4, 8] }
    },
    params: {},
    seed: 7,
    pruner: { name: 'median', options: {} },
    parallel: 2,
    started: '2026-11-21T10:00:00Z',
    ended: null,
    reason: null,
    importance: { lr: 0.8, depth: 0.2 },
    ...change
  };
}

/** The trial at a place, but for a change. */
export function makeTrial(trial: number, change: Partial<ISweepTrial> = {}): ISweepTrial {
  return {
    trial,
    job: runId(500 + trial),
    run: runId(trial),
    number: 10 + trial,
    params: { lr: 0.01 * (trial + 1), depth: [2, 4, 8][trial % 3] },
    values: [0.8 + trial / 100],
    status: 'finished',
    duration: 3 + trial,
    cell: 10,
    cells: 10,
    best: false,
    sparks: [[0.1, 0.5, 0.8 + trial / 100]],
    ...change
  };
}

/** A sweep with trials in all states. */
export function makeDetail(change: Partial<ISweepDetail> = {}): ISweepDetail {
  return {
    ...makeSweep(),
    runs: [
      makeTrial(0),
      makeTrial(1, { values: [null], status: 'failed' }),
      makeTrial(2, { values: [0.79] }),
      makeTrial(3, { values: [0.91], best: true }),
      makeTrial(4, { values: [0.5], status: 'pruned' }),
      makeTrial(5, { values: [null], status: 'running', duration: null, cell: 4 })
    ],
    ...change
  };
}
