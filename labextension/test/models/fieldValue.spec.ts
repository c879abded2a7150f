import { type IParameter, type IValueType, type ParameterType } from '../../src/client/parameters';
import { type JsonValue } from '../../src/client/types';
import { FieldError } from '../../src/models/fieldProblem';
import { readSweep, readValue } from '../../src/models/fieldValue';
import { sample } from '../support/samples';

function parameter(type: ParameterType, change: Partial<IParameter> = {}): IParameter {
  const base = { default: null, help: '', choices: null, optional: false, line: 1 };
  return { name: 'p', type, ...base, ...change };
}

describe('readValue', () => {
  it.each<[ParameterType, string, JsonValue]>([
    ['int', ' 8 ', 8],
    ['int', '-1_000', -1000],
    ['float', '1e-3', 0.001],
    ['float', '2', 2],
    ['float', 'nan', 'NaN'],
    ['float', '-inf', '-Infinity'],
    ['bool', 'True', true],
    ['bool', 'false', false],
    ['str', 'adam', 'adam'],
    ['str', '0.1', '0.1'],
    ['str', '"a \\"quoted\\" word"', 'a "quoted" word'],
    ['list', '[64, 64]', [64, 64]],
    ['dict', '{"a": 1}', { a: 1 }],
    ['any', '[1]', [1]],
    ['any', 'None', null],
    ['any', 'text', 'text']
  ])('reads %s from %s', (type, text, value) => {
    expect(readValue(parameter(type), text)).toEqual(value);
  });

  it.each<[ParameterType, string, string]>([
    ['int', '8.5', 'int'],
    ['int', '12345678901234567890', 'int'],
    ['float', 'much', 'float'],
    ['float', '', 'float'],
    ['bool', '1', 'bool'],
    ['str', '"open', 'none'],
    ['list', '64', 'list'],
    ['list', '{"a": 1}', 'list'],
    ['dict', '[1]', 'dict'],
    ['dict', 'a=1', 'dict']
  ])('refuses for %s: %s', (type, text, problem) => {
    if (problem === 'none') {
      // An open quote is a letter like any other.
      expect(readValue(parameter(type), text)).toBe(text);
      return;
    }
    expect(() => readValue(parameter(type), text)).toThrow(FieldError);
    expect(() => readValue(parameter(type), text)).toThrow(problem);
  });

  it('takes None where it is allowed, and only there', () => {
    expect(readValue(parameter('int', { optional: true }), 'None')).toBeNull();
    expect(() => readValue(parameter('int'), 'None')).toThrow(FieldError);
  });

  it('takes one of the choices', () => {
    const choices = ['adam', 'sgd'];
    expect(readValue(parameter('str', { choices }), 'sgd')).toBe('sgd');
    expect(() => readValue(parameter('str', { choices }), 'lion')).toThrow('choice');
  });
});

describe('readSweep', () => {
  it.each<[ParameterType, string, JsonValue[]]>([
    ['float', '0.01, 0.1,1,', [0.01, 0.1, 1]],
    ['float', '[0.1, 1]', [0.1, 1]],
    ['str', 'adam, "a, b", sgd', ['adam', 'a, b', 'sgd']],
    ['str', '["a", "b"]', ['a', 'b']],
    ['list', '[[1, 2], [3]]', [[1, 2], [3]]],
    ['dict', '{"a": 1, "b": 2}, {"a": 3}', [{ a: 1, b: 2 }, { a: 3 }]],
    ['int', '[null, 7]', [null, 7]]
  ])('reads %s from %s', (type, text, values) => {
    expect(readSweep(parameter(type, { optional: true }), text)).toEqual(values);
  });

  it.each(['', ' , ', '[]', '[1,'])('refuses %p', text => {
    expect(() => readSweep(parameter('int'), text)).toThrow(FieldError);
  });
});

interface IValueSample {
  type: IValueType;
  taken: [string, JsonValue][];
  refused: string[];
}

describe('The form, as the server,', () => {
  const samples = sample<IValueSample[]>('parameter-values').map(
    item => [JSON.stringify(item.type), item] as const
  );
  it.each(samples)('takes for %s what it should', (_, { type, taken, refused }) => {
    for (const [text, value] of taken) {
      expect(readValue(type, text)).toEqual(value);
    }
    for (const text of refused) {
      expect(() => readValue(type, text)).toThrow(FieldError);
    }
  });

  it('says where inside a list something is wrong', () => {
    const kind: IValueType = {
      type: 'dict',
      items: { type: 'list', items: { type: 'int', minimum: 1 } }
    };
    let found: unknown;
    try {
      readValue(kind, '{"a": [1], "b": [2, 0]}');
    } catch (error) {
      found = error;
    }
    expect(found).toMatchObject({
      problem: 'range',
      where: ['b', 2],
      kind: { type: 'int', minimum: 1 }
    });
  });

  it.each(['30s', '1h 30m', '1:30:00', '2 days, 1:00', '-5m'])('takes the duration %s', text => {
    expect(readValue({ type: 'float', format: 'duration' }, text)).toBe(text);
  });

  it('leaves patterns that only Python knows to the server', () => {
    const pattern = '(?P<year>[0-9]+)\\Z';
    expect(readValue({ type: 'str', pattern }, 'abc')).toBe('abc');
  });
});
