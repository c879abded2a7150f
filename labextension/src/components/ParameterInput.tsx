import * as React from 'react';

import type { IParameter } from '../client/parameters';
import { formatExactValue } from '../format';
import { defaultText, sweepHint } from './fieldTexts';
import { useView } from './view';

export interface IParameterInputProps {
  parameter: IParameter;
  text: string;
  isSweep: boolean;
  attributes: { id: string; 'aria-invalid': boolean; 'aria-describedby': string | undefined };
  onChange(text: string): void;
}

const LONGEST_LINE = 40;

/** The control for a parameter's value: each type has its own. Without text the notebook's own value stays. */
export function ParameterInput(props: IParameterInputProps): JSX.Element {
  const { parameter, isSweep } = props;
  if (isSweep) {
    return <LineInput {...props} />;
  }
  if (parameter.type === 'bool' && !parameter.optional && typeof parameter.default === 'boolean') {
    return <CheckInput {...props} />;
  }
  if (parameter.choices || parameter.type === 'bool') {
    return <ChoiceInput {...props} />;
  }
  if (parameter.type === 'list' || parameter.type === 'dict') {
    return <JsonInput {...props} />;
  }
  return <LineInput {...props} type={browserType(parameter)} />;
}

function CheckInput({ parameter, text, attributes, onChange }: IParameterInputProps): JSX.Element {
  const { trans } = useView();
  const own = parameter.default === true;
  const value = text === '' ? own : text.trim().toLowerCase() === 'true';
  return (
    <span className="trackbook-ParameterRow-check">
      <input
        {...attributes}
        type="checkbox"
        checked={value}
        onChange={event =>
          onChange(event.target.checked === own ? '' : String(event.target.checked))
        }
      />{' '}
      <span className="trackbook-Quiet">
        {text === '' ? trans.__('as in the notebook') : String(value)}
      </span>
    </span>
  );
}

function ChoiceInput({ parameter, text, attributes, onChange }: IParameterInputProps): JSX.Element {
  const { trans } = useView();
  const choices = (parameter.choices ?? [true, false]).map(formatExactValue);
  const every = parameter.optional ? [...choices, 'None'] : choices;
  return (
    <select
      {...attributes}
      className="trackbook-Select"
      value={text}
      onChange={event => onChange(event.target.value)}
    >
      <option value="">{trans.__('%1 (the notebook’s)', defaultText(parameter, trans))}</option>
      {every.map(choice => (
        <option key={choice} value={choice}>
          {choice}
        </option>
      ))}
      {text !== '' && !every.includes(text) && <option value={text}>{text}</option>}
    </select>
  );
}

function JsonInput({ parameter, text, attributes, onChange }: IParameterInputProps): JSX.Element {
  const { trans } = useView();
  const own = defaultText(parameter, trans);
  const shown = text || own;
  const lines = Math.max(shown.split('\n').length, Math.ceil(shown.length / LONGEST_LINE));
  return (
    <textarea
      {...attributes}
      className="trackbook-Input"
      rows={Math.min(6, lines)}
      spellCheck={false}
      value={text}
      placeholder={own}
      onChange={event => onChange(event.target.value)}
    />
  );
}

/**
 * A line of text. Numbers, too, are typed into one: the browser's own number field hides what can't be read, so that
 * nobody could say what is wrong with it, and knows neither `inf` nor `1e-3` in every language. Arrow keys step.
 */
function LineInput(props: IParameterInputProps & { type?: string }): JSX.Element {
  const { trans } = useView();
  const { parameter, text, isSweep, attributes, onChange } = props;
  const isInteger = parameter.type === 'int';
  const isNumber = (isInteger || parameter.type === 'float') && parameter.format !== 'duration';
  const { minimum, maximum } = parameter;
  return (
    <input
      {...attributes}
      type={props.type ?? 'text'}
      className="trackbook-Input"
      spellCheck={false}
      inputMode={isNumber && !isSweep ? (isInteger ? 'numeric' : 'decimal') : undefined}
      step={props.type === 'datetime-local' || props.type === 'time' ? 1 : undefined}
      min={props.type && minimum !== null ? minimum : undefined}
      max={props.type && maximum !== null ? maximum : undefined}
      value={props.type && text === 'None' ? '' : text}
      placeholder={isSweep ? sweepHint(parameter) : defaultText(parameter, trans)}
      onChange={event => onChange(event.target.value)}
      onKeyDown={event => {
        const direction = { ArrowUp: 1, ArrowDown: -1 }[event.key];
        const next =
          direction && isNumber && !isSweep ? step(parameter, text, direction) : undefined;
        if (next !== undefined) {
          event.preventDefault();
          onChange(next);
        }
      }}
    />
  );
}

/** The next number up or down, within the bounds; undefined where there is no step to take. */
export function step(parameter: IParameter, text: string, direction: number): string | undefined {
  const size = parameter.multiple_of ?? (parameter.type === 'int' ? 1 : null);
  const now = text.trim() === '' ? parameter.default : Number(text);
  if (size === null || typeof now !== 'number' || !Number.isFinite(now)) {
    return undefined;
  }
  const next = Number(((Math.round(now / size) + direction) * size).toPrecision(12));
  const isBelow =
    (typeof parameter.minimum === 'number' && next < parameter.minimum) ||
    (typeof parameter.exclusive_minimum === 'number' && next <= parameter.exclusive_minimum);
  const isAbove =
    (typeof parameter.maximum === 'number' && next > parameter.maximum) ||
    (typeof parameter.exclusive_maximum === 'number' && next >= parameter.exclusive_maximum);
  return isBelow || isAbove ? undefined : String(next);
}

/** The browser's own field for dates and times; text where the notebook's own value has a zone, which those lack. */
function browserType(parameter: IParameter): string | undefined {
  const own = typeof parameter.default === 'string' ? parameter.default : '';
  const hasZone = /(Z|[+-]\d\d:?\d\d)$/.test(own.slice(10));
  switch (parameter.format) {
    case 'date':
      return 'date';
    case 'date-time':
      return hasZone ? undefined : 'datetime-local';
    case 'time':
      return /[Z+-]/.test(own) ? undefined : 'time';
    default:
      return undefined;
  }
}
