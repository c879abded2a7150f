import type { IParameter, IValueType } from '../client/parameters';
import type { IRange, Space } from '../client/sweeps';
import type { JsonValue } from '../client/types';
import { formatExactValue } from '../format';
import { FieldError } from './fieldProblem';
import { readSweep, readValue } from './fieldValue';

/** A range as it was written; an end that is left open is the parameter's own bound. */
export interface IRangeText {
  low: string;
  high: string;
  step: string;
  isLog: boolean;
}

export const NO_RANGE: IRangeText = { low: '', high: '', step: '', isLog: false };

/** Which part of a range is wrong, and how; a code, so that the view can say it in the user's language. */
export type RangePart = 'low' | 'high' | 'step';
export type RangeProblem = 'missing' | 'value' | 'order' | 'positive' | 'step' | 'logStep';

/** A range that can't be used. */
export class RangeFault extends Error {
  constructor(
    readonly part: RangePart,
    readonly problem: RangeProblem,
    /** What is wrong with the value itself. */
    readonly fault: FieldError | null = null
  ) {
    super(`${part}: ${problem}`);
  }
}

/** Tell whether a parameter can be given a range: it is a number, and nothing but one. */
export function canRange({ type, format, choices }: IParameter): boolean {
  return (type === 'int' || type === 'float') && !format && !choices;
}

/** Tell whether a list may be left empty, since the type itself says all that a parameter can be. */
export function hasAllValues({ type, choices }: IValueType): boolean {
  return Boolean(choices?.length) || type === 'bool';
}

/** The values of a list; those that the type allows where none are written. Throws FieldError. */
export function readList(parameter: IParameter, text: string): JsonValue[] {
  if (text.trim() === '' && hasAllValues(parameter)) {
    return [...(parameter.choices ?? [false, true])];
  }
  return readSweep(parameter, text);
}

/** Read a range; throws RangeFault. */
export function readRange(parameter: IParameter, text: IRangeText): IRange {
  const low = readEnd(parameter, 'low', text.low, parameter.minimum);
  const high = readEnd(parameter, 'high', text.high, parameter.maximum);
  if (low >= high) {
    throw new RangeFault('high', 'order');
  }
  if (text.isLog && low <= 0) {
    throw new RangeFault('low', 'positive');
  }
  if (text.step.trim() === '') {
    return text.isLog ? { low, high, log: true } : { low, high };
  }
  if (text.isLog) {
    throw new RangeFault('step', 'logStep');
  }
  const step = Number(text.step);
  const isWhole = parameter.type !== 'int' || Number.isInteger(step);
  if (!(step > 0) || step > high - low || !isWhole) {
    throw new RangeFault('step', 'step');
  }
  return { low, high, step };
}

/** How many values of a range a grid has; null where it has none to go through. */
export function countRange(parameter: IParameter, range: IRange): number | null {
  const step = range.step ?? (parameter.type === 'int' && !range.log ? 1 : null);
  return step === null ? null : Math.floor((range.high - range.low) / step + 1e-9) + 1;
}

/** How many values a grid goes through for a parameter; null where it can't. */
export function countSpace(parameter: IParameter, space: Space): number | null {
  return Array.isArray(space) ? space.length : countRange(parameter, space as IRange);
}

function readEnd(
  parameter: IParameter,
  part: 'low' | 'high',
  text: string,
  bound: number | string | null | undefined
): number {
  const written = text.trim() === '' ? formatExactValue(bound ?? '') : text;
  if (written === '') {
    throw new RangeFault(part, 'missing');
  }
  try {
    const value = readValue({ ...parameter, optional: false }, written);
    if (typeof value === 'number') {
      return value;
    }
  } catch (error) {
    throw new RangeFault(part, 'value', error instanceof FieldError ? error : null);
  }
  throw new RangeFault(part, 'value');
}
