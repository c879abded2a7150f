import type { ITableColumn } from '../../../src/client/table';
import { replaceField, unknownFields } from '../../../src/models/table/unknownFields';

const KNOWN = [
  'metrics.acc',
  'metrics.acc{subset=val}',
  'metrics.`train/loss`',
  'params.lr',
  'tags.team'
].map((column): ITableColumn => ({
  column,
  kind: 'metric',
  type: 'number',
  count: 1,
  goal: null
}));

describe('The fields of a search that no run has', () => {
  it.each([
    ['metrics.accc > 0.5', [{ written: 'metrics.accc', near: 'metrics.acc' }]],
    ['metric.acc > 0.5 and parameters.lr = 1 and tag.team is null', []],
    [
      'metrics.acc{subset=vall} > 0',
      [{ written: 'metrics.acc{subset=vall}', near: 'metrics.acc{subset=val}' }]
    ],
    ['metrics.`train/los` < 1', [{ written: 'metrics.`train/los`', near: 'metrics.`train/loss`' }]],
    ['min(metrics.f1) > 0 or metrics.f1 < 1', [{ written: 'metrics.f1', near: null }]],
    ["name = 'metrics.x' and params.lr > 0.1", []],
    ['status = failed order by duration', []]
  ])('%s', (query, found) => {
    expect(unknownFields(query, KNOWN)).toEqual(found);
  });

  it('are replaced where they stand, and nowhere else', () => {
    const query = "metrics.ac > 1 and metrics.acc < 2 and name = 'metrics.ac'";
    expect(replaceField(query, 'metrics.ac', 'metrics.acc')).toBe(
      "metrics.acc > 1 and metrics.acc < 2 and name = 'metrics.ac'"
    );
  });
});
