import type { JsonValue } from './types';

export type ParameterType = 'int' | 'float' | 'bool' | 'str' | 'list' | 'dict' | 'none' | 'any';

/** What a value is in Python, where JSON has no type for it. */
export type ValueFormat =
  | 'date'
  | 'date-time'
  | 'time'
  | 'duration'
  | 'decimal'
  | 'path'
  | 'enum'
  | 'set'
  | 'frozenset'
  | 'tuple'
  | 'secret';

/** What values may be: of a parameter, or of what its lists hold. Null, or left out, where nothing is said. */
export interface IValueType {
  type?: ParameterType;
  /** None is allowed, too. */
  optional?: boolean;
  choices?: JsonValue[] | null;
  format?: ValueFormat | null;
  /** What the notebook calls an enum, or the class of a path. */
  class_name?: string | null;
  /** The values of an enum's members; null where one can't be told. */
  members?: Record<string, JsonValue> | null;
  /** The type of a list's items, or of a dict's values. */
  items?: IValueType | null;
  /** The types of a tuple's places. */
  positions?: IValueType[] | null;
  minimum?: number | string | null;
  maximum?: number | string | null;
  exclusive_minimum?: number | string | null;
  exclusive_maximum?: number | string | null;
  multiple_of?: number | null;
  pattern?: string | null;
  min_length?: number | null;
  max_length?: number | null;
}

/** A value that a notebook's parameters cell lets one set. `line` counts that cell's lines from 1. */
export interface IParameter extends IValueType {
  name: string;
  type: ParameterType;
  default: JsonValue;
  help: string;
  choices: JsonValue[] | null;
  optional: boolean;
  line: number;
}

/** A constant that may become a parameter. `cell` counts all cells from 1, lines those of the cell. */
export interface IProposal {
  parameter: IParameter;
  cell: number;
  first_line: number;
  last_line: number;
}
