import type { JsonValue } from './types';

export type ParameterType = 'int' | 'float' | 'bool' | 'str' | 'list' | 'dict' | 'none' | 'any';

/** A value that a notebook's parameters cell lets one set. `line` counts that cell's lines from 1. */
export interface IParameter {
  name: string;
  type: ParameterType;
  default: JsonValue;
  help: string;
  choices: JsonValue[] | null;
  /** None is allowed, too. */
  optional: boolean;
  line: number;
}
