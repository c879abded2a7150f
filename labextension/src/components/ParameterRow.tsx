import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IParameter } from '../client/parameters';
import { formatExactValue } from '../format';
import type { FieldProblem } from '../models/fieldValue';
import type { IField } from '../models/jobForm';
import { useView } from './view';

/** One parameter of a notebook: its value, or the values of a sweep. */
export function ParameterRow(props: {
  field: IField;
  onChange(change: Partial<Pick<IField, 'text' | 'isSweep'>>): void;
}): JSX.Element {
  const { trans } = useView();
  const { field, onChange } = props;
  const { parameter, isSweep, problem, complaint } = field;
  const [inputId, helpId, errorId] = [React.useId(), React.useId(), React.useId()];
  const message = complaint ?? (problem && problemText(problem, parameter, trans));
  const described = [parameter.help && helpId, message && errorId].filter(Boolean).join(' ');
  const attributes = {
    id: inputId,
    value: field.text,
    'aria-invalid': message !== null,
    'aria-describedby': described || undefined,
    onChange: (event: React.ChangeEvent<HTMLInputElement | HTMLSelectElement>) =>
      onChange({ text: event.target.value })
  };
  const choices = parameter.type === 'bool' ? [true, false] : parameter.choices;
  return (
    <div className="trackbook-ParameterRow">
      <label htmlFor={inputId} title={trans.__('Line %1 of the parameters cell', parameter.line)}>
        {parameter.name} <span className="trackbook-ParameterRow-type">{typeText(parameter)}</span>
      </label>
      {choices && !isSweep ? (
        <select {...attributes} className="trackbook-Select">
          <option value="">{defaultText(parameter, trans)}</option>
          {choices.map(choice => (
            <option key={formatExactValue(choice)} value={formatExactValue(choice)}>
              {formatExactValue(choice)}
            </option>
          ))}
        </select>
      ) : (
        <input
          {...attributes}
          className="trackbook-Input"
          spellCheck={false}
          placeholder={isSweep ? sweepHint(parameter) : defaultText(parameter, trans)}
        />
      )}
      <label className="trackbook-Check">
        <input
          type="checkbox"
          checked={isSweep}
          aria-label={trans.__('Sweep %1', parameter.name)}
          onChange={event => onChange({ isSweep: event.target.checked })}
        />{' '}
        {trans.__('sweep')}
      </label>
      {parameter.help && (
        <p id={helpId} className="trackbook-ParameterRow-help">
          {parameter.help}
        </p>
      )}
      {message && (
        <p id={errorId} className="trackbook-FieldError" role="alert">
          {message}
        </p>
      )}
    </div>
  );
}

function typeText({ type, optional }: IParameter): string {
  return optional ? `${type}?` : type;
}

/** The notebook's own value; one that is computed there can't be told before. */
function defaultText(parameter: IParameter, trans: TranslationBundle): string {
  const { type, optional } = parameter;
  if (parameter.default === null) {
    return optional || type === 'none' ? 'None' : trans.__('computed in the notebook');
  }
  return formatExactValue(parameter.default);
}

function sweepHint(parameter: IParameter): string {
  switch (parameter.type) {
    case 'int':
      return '1, 2, 4';
    case 'float':
      return '0.01, 0.1, 1';
    case 'bool':
      return 'true, false';
    case 'list':
      return '[[64, 64], [128]]';
    case 'dict':
      return '[{"a": 1}, {"a": 2}]';
    default:
      return parameter.choices?.map(formatExactValue).join(', ') ?? 'a, b, c';
  }
}

function problemText(
  problem: FieldProblem,
  parameter: IParameter,
  trans: TranslationBundle
): string {
  switch (problem) {
    case 'int':
      return trans.__('A whole number, such as 8');
    case 'float':
      return trans.__('A number, such as 0.1 or 1e-3');
    case 'bool':
      return trans.__('true or false');
    case 'list':
      return trans.__('A JSON list, such as [64, 64]');
    case 'dict':
      return trans.__('A JSON object, such as {"a": 1}');
    case 'choice':
      return trans.__('One of %1', (parameter.choices ?? []).map(formatExactValue).join(', '));
    case 'empty':
      return trans.__('Values between commas, such as %1', sweepHint(parameter));
    case 'sweep':
      return trans.__('Values between commas, or a JSON list of them');
    case 'json':
      return trans.__('Text in quotes has to be as JSON wants it');
  }
}
