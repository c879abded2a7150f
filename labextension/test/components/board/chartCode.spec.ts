import type { IRunTarget } from '../../../src/client/board';
import { chartKind } from '../../../src/components/board/chartKinds';
import { addOwnKinds } from '../../../src/components/board/kinds';
import type { ChartOptions } from '../../../src/models/board';
import { chartCode } from '../../../src/models/chartCode';
import { sample } from '../../support/samples';

interface IChartCell {
  kind: string;
  title: string | null;
  options: ChartOptions;
  target: IRunTarget;
  code: string;
}

addOwnKinds();

describe('A chart in a notebook', () => {
  // pytest runs the code of the same samples in a kernel.
  const cells = sample<IChartCell[]>('chart-cells');

  it.each(cells)(
    'is drawn by what is written for $kind',
    ({ kind, title, options, target, code }) => {
      expect(chartCode(kind, title, chartKind(kind)!.code!(options), target)).toBe(code);
    }
  );

  it('is among the samples with each kind that has code', () => {
    const kinds = ['scatter', 'parallel', 'bars', 'box', 'histogram', 'contour'];
    expect([...new Set(cells.map(({ kind }) => kind))]).toEqual([
      ...kinds,
      'importance',
      'correlation',
      'curves'
    ]);
  });
});
