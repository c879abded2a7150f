import * as React from 'react';

import { canRange } from '../models/fieldRange';
import type { FieldMode, IField } from '../models/jobForm';
import { ParameterInput } from './ParameterInput';
import { RangeInput, rangeProblemText } from './RangeInput';
import { defaultText, problemText, rangeText, typeText } from './fieldTexts';
import { useView } from './view';

/** Python's word, in every language. */
const NONE = 'None';

/** One parameter of a notebook: its value, or the values of a sweep. */
export function ParameterRow(props: {
  field: IField;
  onChange(change: Partial<Pick<IField, 'text' | 'mode' | 'range'>>): void;
}): JSX.Element {
  const { trans } = useView();
  const { field, onChange } = props;
  const { parameter, mode, text, fault, rangeFault, complaint } = field;
  const isSweep = mode !== 'value';
  const [inputId, helpId, errorId] = [React.useId(), React.useId(), React.useId()];
  const message =
    complaint ??
    (fault && problemText(fault, trans)) ??
    (rangeFault && rangeProblemText(rangeFault, trans));
  const range = rangeText(parameter, trans);
  // The browser's date fields show no placeholder, so that the notebook's own value has to stand beside them.
  const isDate = ['date', 'date-time', 'time'].includes(parameter.format ?? '') && !isSweep;
  const own = isDate ? trans.__('the notebook’s: %1', defaultText(parameter, trans)) : '';
  const unit =
    parameter.format === 'duration' ? trans.__('in seconds, or such as %1', '1h 30m') : '';
  const help = [parameter.help, unit, range, own].filter(Boolean);
  const described = [help.length && helpId, message && errorId].filter(Boolean).join(' ');
  const canBeNone = parameter.optional && !parameter.choices && parameter.type !== 'bool';
  const isNone = canBeNone && text === 'None';
  if (parameter.format === 'secret') {
    return (
      <div className="trackbook-ParameterRow">
        <span>
          {parameter.name} <span className="trackbook-ParameterRow-type">{trans.__('secret')}</span>
        </span>
        <span className="trackbook-Quiet">
          {trans.__('not set here: values are stored with the run')}
        </span>
      </div>
    );
  }
  return (
    <div className="trackbook-ParameterRow">
      <label htmlFor={inputId} title={trans.__('Line %1 of the parameters cell', parameter.line)}>
        {parameter.name} <span className="trackbook-ParameterRow-type">{typeText(parameter)}</span>
      </label>
      {isNone && !isSweep ? (
        <input id={inputId} className="trackbook-Input" value="None" disabled readOnly />
      ) : mode === 'range' ? (
        <RangeInput
          parameter={parameter}
          range={field.range}
          fault={rangeFault}
          id={inputId}
          errorId={errorId}
          onChange={range => onChange({ range })}
        />
      ) : (
        <ParameterInput
          parameter={parameter}
          text={text}
          isSweep={isSweep}
          attributes={{
            id: inputId,
            'aria-invalid': message !== null,
            'aria-describedby': described || undefined
          }}
          onChange={value => onChange({ text: value })}
        />
      )}
      <span className="trackbook-ParameterRow-options">
        {canBeNone && !isSweep && (
          <label className="trackbook-Check">
            <input
              type="checkbox"
              checked={isNone}
              aria-label={trans.__('None for %1', parameter.name)}
              onChange={event => onChange({ text: event.target.checked ? NONE : '' })}
            />{' '}
            {NONE}
          </label>
        )}
        <select
          className="trackbook-Select"
          aria-label={trans.__('How %1 is set', parameter.name)}
          value={mode}
          onChange={event => onChange({ mode: event.target.value as FieldMode })}
        >
          <option value="value">{trans.__('one value')}</option>
          <option value="list">{trans.__('these values')}</option>
          {canRange(parameter) && <option value="range">{trans.__('a range')}</option>}
        </select>
      </span>
      {help.length > 0 && (
        <p id={helpId} className="trackbook-ParameterRow-help">
          {help.map(text => (
            <span key={text}>{text}</span>
          ))}
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
