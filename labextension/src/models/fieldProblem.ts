import type { IValueType } from '../client/parameters';

/** Why a text is no value of a parameter; a code, so that the view can say it in the user's language. */
export type FieldProblem =
  | 'int'
  | 'float'
  | 'bool'
  | 'str'
  | 'list'
  | 'dict'
  | 'date'
  | 'date-time'
  | 'time'
  | 'duration'
  | 'decimal'
  | 'path'
  | 'secret'
  | 'choice'
  | 'range'
  | 'multiple'
  | 'pattern'
  | 'length'
  | 'places'
  | 'json'
  | 'empty'
  | 'sweep';

/** A text that is no value of its parameter. */
export class FieldError extends Error {
  constructor(
    readonly problem: FieldProblem,
    readonly text: string,
    /** What it should be; of an item inside, what that one should be. */
    readonly kind: IValueType,
    /** Where inside a list (places from 1) or an object it is. */
    readonly where: readonly (string | number)[] = []
  ) {
    super(`${problem}: ${text}`);
  }
}
