import { changedParams, goalOf, headlineSeries } from '../../src/models/headline';
import { sampleRuns } from '../support/samples';

describe('the line about a run', () => {
  const [running, , failed] = sampleRuns();

  it('shows the metric that has a goal', () => {
    expect(headlineSeries(running)).toBe('acc');
    expect(goalOf(running, 'loss{subset=val}')).toBe('min');
    expect(headlineSeries({ ...running, goals: { 'loss{subset=val}': 'min' } })).toBe(
      'loss{subset=val}'
    );
    const val = { 'auc{subset=val}': 0.8, ...running.metrics };
    expect(headlineSeries({ ...running, metrics: val, goals: { auc: 'max' } })).toBe(
      'auc{subset=val}'
    );
  });

  it('shows the first metric when none has a goal, and none when there is none', () => {
    expect(headlineSeries({ ...running, goals: {} })).toBe('acc');
    expect(headlineSeries({ ...running, goals: { gone: 'max' } })).toBe('acc');
    expect(headlineSeries({ ...running, metrics: {} })).toBeNull();
  });

  it('tells what changed since an earlier run', () => {
    const changes = changedParams(failed, running);
    expect(changes).toContainEqual({ key: 'lr', before: 0.1, after: 10 });
    expect(changes).toContainEqual({ key: 'größe', before: undefined, after: 'µ' });
    expect(changes.some(change => change.key === 'layers')).toBe(false);
  });
});
