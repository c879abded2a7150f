import { type IParameter } from '../../src/client/parameters';
import {
  canRange,
  countRange,
  NO_RANGE,
  RangeFault,
  readList,
  readRange
} from '../../src/models/fieldRange';
import {
  countTrials,
  type ISwept,
  problemsOf,
  samplerOf,
  SWEEP_DEFAULTS
} from '../../src/models/sweepOptions';

const FLOAT: IParameter = {
  name: 'lr',
  type: 'float',
  default: 0.1,
  help: '',
  choices: null,
  optional: false,
  line: 1
};
const INT: IParameter = {
  ...FLOAT,
  name: 'depth',
  type: 'int',
  default: 3,
  minimum: 1,
  maximum: 9
};

function faultOf(work: () => unknown): [string, string] | null {
  try {
    work();
  } catch (error) {
    if (error instanceof RangeFault) {
      return [error.part, error.problem];
    }
    throw error;
  }
  return null;
}

describe('readRange', () => {
  const read = (parameter: IParameter, low: string, high: string, step = '', isLog = false) =>
    readRange(parameter, { low, high, step, isLog });

  it('reads ends, steps and order of size', () => {
    expect(read(FLOAT, '1e-3', '0.1', '', true)).toEqual({ low: 0.001, high: 0.1, log: true });
    expect(read(INT, '2', '8', '2')).toEqual({ low: 2, high: 8, step: 2 });
  });

  it('takes an open end from the bounds of the type', () => {
    expect(readRange(INT, NO_RANGE)).toEqual({ low: 1, high: 9 });
    expect(faultOf(() => readRange(FLOAT, NO_RANGE))).toEqual(['low', 'missing']);
    expect(faultOf(() => read(FLOAT, '1', ''))).toEqual(['high', 'missing']);
  });

  it.each([
    ['text', 'x', '1', '', false, ['low', 'value']],
    ['no finite number', '0', 'inf', '', false, ['high', 'value']],
    ['the wrong way round', '2', '1', '', false, ['high', 'order']],
    ['0 by order of size', '0', '1', '', true, ['low', 'positive']],
    ['a step by order of size', '1', '2', '0.1', true, ['step', 'logStep']],
    ['a step that is too wide', '1', '2', '5', false, ['step', 'step']],
    ['a step of 0', '1', '2', '0', false, ['step', 'step']]
  ])('refuses %s', (_, low, high, step, isLog, fault) => {
    expect(faultOf(() => read(FLOAT, low, high, step, isLog))).toEqual(fault);
  });

  it('wants whole numbers for whole numbers, inside the bounds of the type', () => {
    expect(faultOf(() => read(INT, '1.5', '3'))).toEqual(['low', 'value']);
    expect(faultOf(() => read(INT, '1', '4', '0.5'))).toEqual(['step', 'step']);
    expect(faultOf(() => read(INT, '0', '4'))).toEqual(['low', 'value']);
  });

  it('is offered for numbers only', () => {
    expect(canRange(INT)).toBe(true);
    expect(canRange({ ...FLOAT, type: 'str' })).toBe(false);
    expect(canRange({ ...FLOAT, format: 'duration' })).toBe(false);
    expect(canRange({ ...INT, choices: [1, 2] })).toBe(false);
  });
});

describe('readList', () => {
  it('has all that the type allows where nothing is written', () => {
    expect(readList({ ...FLOAT, type: 'bool', default: true }, '')).toEqual([false, true]);
    const optimizer: IParameter = { ...FLOAT, type: 'str', choices: ['adam', 'sgd'] };
    expect(readList(optimizer, ' ')).toEqual(['adam', 'sgd']);
    expect(readList(optimizer, 'sgd')).toEqual(['sgd']);
    expect(() => readList(FLOAT, '')).toThrow();
  });
});

describe('the options of a sweep', () => {
  const lists: ISwept[] = [
    { parameter: FLOAT, space: [0.1, 0.2, 0.3] },
    { parameter: INT, space: [1, 2] }
  ];
  const range: ISwept = { parameter: FLOAT, space: { low: 0, high: 1 } };
  const acc = { metric: 'acc', direction: 'max' as const };

  it('have a sampler that fits the values', () => {
    expect(samplerOf(SWEEP_DEFAULTS, false)).toBe('grid');
    expect(samplerOf(SWEEP_DEFAULTS, true)).toBe('random');
    expect(samplerOf({ ...SWEEP_DEFAULTS, objectives: [acc] }, true)).toBe('tpe');
    const two = [acc, { metric: 'time', direction: 'min' as const }];
    expect(samplerOf({ ...SWEEP_DEFAULTS, objectives: two }, true)).toBe('nsga2');
    expect(samplerOf({ ...SWEEP_DEFAULTS, sampler: 'random' }, false)).toBe('random');
  });

  it('count the trials of a grid, ranges with steps among them', () => {
    expect(countTrials(SWEEP_DEFAULTS, lists)).toBe(6);
    const steps: ISwept = { parameter: FLOAT, space: { low: 0, high: 0.3, step: 0.1 } };
    expect(countTrials({ ...SWEEP_DEFAULTS, sampler: 'grid' }, [...lists, steps])).toBe(24);
    expect(countRange(INT, { low: 1, high: 9 })).toBe(9);
    expect(countTrials({ ...SWEEP_DEFAULTS, trials: '50' }, [range])).toBe(50);
    expect(countTrials({ ...SWEEP_DEFAULTS, trials: 'x' }, [range])).toBeNull();
  });

  it('say what does not fit together', () => {
    const problems = (change: Partial<typeof SWEEP_DEFAULTS>, swept = [range]) =>
      problemsOf({ ...SWEEP_DEFAULTS, ...change }, swept);
    expect(problems({})).toEqual({});
    expect(problems({ sampler: 'grid' })).toEqual({ sampler: 'step' });
    expect(problems({ sampler: 'tpe' })).toEqual({ objectives: 'objective' });
    expect(problems({ pruner: 'median' })).toEqual({ objectives: 'objective' });
    expect(problems({ sampler: 'cmaes', objectives: [acc] }, lists)).toEqual({
      sampler: 'numbers'
    });
    expect(problems({ objectives: [acc, { ...acc, metric: ' acc ' }] })).toEqual({
      objectives: 'twice'
    });
    const two = [acc, { metric: 'time', direction: 'min' as const }];
    expect(problems({ objectives: two, pruner: 'median' })).toEqual({ objectives: 'oneObjective' });
    expect(problems({ trials: '0', seed: '-1' })).toEqual({ trials: 'count', seed: 'seed' });
  });
});
