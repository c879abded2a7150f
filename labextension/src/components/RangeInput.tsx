import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IParameter } from '../client/parameters';
import { formatExactValue } from '../format';
import type { IRangeText, RangeFault } from '../models/fieldRange';
import { problemText } from './fieldTexts';
import { useView } from './view';

/** The ends of a range, its step, and whether it goes by order of size. */
export function RangeInput(props: {
  parameter: IParameter;
  range: IRangeText;
  fault: RangeFault | null;
  id: string;
  errorId: string;
  onChange(range: IRangeText): void;
}): JSX.Element {
  const { trans } = useView();
  const { parameter, range, fault, id, errorId, onChange } = props;
  const { name, minimum, maximum } = parameter;
  const input = (part: 'low' | 'high' | 'step', label: string, placeholder: string) => (
    <input
      id={part === 'low' ? id : undefined}
      className="trackbook-Input"
      inputMode="decimal"
      spellCheck={false}
      aria-label={label}
      aria-invalid={fault?.part === part}
      aria-describedby={fault?.part === part ? errorId : undefined}
      value={range[part]}
      placeholder={placeholder}
      disabled={part === 'step' && range.isLog}
      onChange={event => onChange({ ...range, [part]: event.target.value })}
    />
  );
  return (
    <span className="trackbook-RangeInput">
      {input('low', trans.__('Least %1', name), boundText(minimum, trans.__('from')))}
      <span aria-hidden="true">–</span>
      {input('high', trans.__('Greatest %1', name), boundText(maximum, trans.__('to')))}
      {input('step', trans.__('Step of %1', name), trans.__('step'))}
      <label
        className="trackbook-Check"
        title={trans.__('As many values from 0.001 to 0.01 as from 0.01 to 0.1')}
      >
        <input
          type="checkbox"
          checked={range.isLog}
          aria-label={trans.__('%1 by order of size', name)}
          onChange={event =>
            onChange({
              ...range,
              isLog: event.target.checked,
              ...(event.target.checked && { step: '' })
            })
          }
        />{' '}
        {trans.__('log')}
      </label>
    </span>
  );
}

/** What is wrong with a range, and what it takes instead. */
export function rangeProblemText(fault: RangeFault, trans: TranslationBundle): string {
  switch (fault.problem) {
    case 'missing':
      return fault.part === 'low'
        ? trans.__('Where the range begins')
        : trans.__('Where the range ends');
    case 'value':
      return fault.fault ? problemText(fault.fault, trans) : trans.__('A number that is finite');
    case 'order':
      return trans.__('The second number has to be the greater one');
    case 'positive':
      return trans.__('By order of size, a range begins above 0');
    case 'step':
      return trans.__('A step above 0 that is no wider than the range');
    case 'logStep':
      return trans.__('A range by order of size has no steps');
  }
}

function boundText(bound: number | string | null | undefined, word: string): string {
  return bound === null || bound === undefined ? word : formatExactValue(bound);
}
