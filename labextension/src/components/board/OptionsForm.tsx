import * as React from 'react';

import type { ITableColumn } from '../../client/table';
import type { JsonValue } from '../../client/types';
import type { ChartOptions, IChart } from '../../models/board';
import { useView } from '../view';
import { flagOption, type IOptionField, listOption, textOption } from './chartKinds';

interface IFormProps {
  chart: IChart;
  title: string;
  fields: readonly IOptionField[];
  columns: readonly ITableColumn[];
  onTitle: (title: string) => void;
  onOptions: (options: ChartOptions) => void;
}

/** What a chart draws, to be changed in place; each change is drawn at once. */
export function OptionsForm(props: IFormProps): JSX.Element {
  const { trans } = useView();
  const { chart, title, fields, columns } = props;
  return (
    <div
      className="trackbook-Board-form"
      role="group"
      aria-label={trans.__('Options of %1', title)}
    >
      <label>
        <span>{trans.__('Title')}</span>
        <TextInput
          text={chart.title ?? ''}
          placeholder={title}
          onChange={text => props.onTitle(text)}
        />
      </label>
      {fields.map(field => (
        <Field
          key={field.name}
          field={field}
          options={chart.options}
          columns={columns}
          onChange={value => props.onOptions({ [field.name]: value })}
        />
      ))}
    </div>
  );
}

function Field(props: {
  field: IOptionField;
  options: ChartOptions;
  columns: readonly ITableColumn[];
  onChange: (value: JsonValue) => void;
}): JSX.Element {
  const { trans } = useView();
  const { field, options, columns, onChange } = props;
  const { name, label, type } = field;
  const offered = columns.filter(column => field.offers?.(column) ?? true);
  switch (type) {
    case 'flag':
      return (
        <label className="trackbook-Check">
          <input
            type="checkbox"
            checked={flagOption(options, name)}
            onChange={event => onChange(event.target.checked)}
          />{' '}
          {label}
        </label>
      );
    case 'choice':
      return (
        <label>
          <span>{label}</span>
          <select
            className="trackbook-Select"
            value={textOption(options, name)}
            onChange={event => onChange(event.target.value)}
          >
            {field.isOptional && <option value="">{trans.__('none')}</option>}
            {field.choices?.map(choice => (
              <option key={choice.value} value={choice.value}>
                {choice.label}
              </option>
            ))}
          </select>
        </label>
      );
    case 'number':
      return (
        <label>
          <span>{label}</span>
          <input
            className="trackbook-Input"
            type="number"
            min={field.least}
            max={field.most}
            value={typeof options[name] === 'number' ? options[name] : ''}
            onChange={event => {
              const number = event.target.valueAsNumber;
              onChange(Number.isFinite(number) ? number : null);
            }}
          />
        </label>
      );
    case 'columns':
      return (
        <ColumnList
          label={label}
          chosen={listOption(options, name)}
          offered={offered}
          onChange={onChange}
        />
      );
    default:
      return (
        <label>
          <span>{label}</span>
          <ColumnInput
            text={textOption(options, name)}
            placeholder={field.isOptional ? trans.__('none') : trans.__('metrics.… or params.…')}
            offered={offered}
            onChange={onChange}
          />
        </label>
      );
  }
}

/** Columns one below the other, in the order in which they are drawn. */
function ColumnList(props: {
  label: string;
  chosen: readonly string[];
  offered: readonly ITableColumn[];
  onChange: (columns: string[]) => void;
}): JSX.Element {
  const { trans } = useView();
  const { label, chosen, offered, onChange } = props;
  const move = (place: number, step: number) => {
    const columns = [...chosen];
    columns.splice(place + step, 0, ...columns.splice(place, 1));
    onChange(columns);
  };
  const left = offered.filter(({ column }) => !chosen.includes(column));
  return (
    <fieldset className="trackbook-Board-columns">
      <legend>{label}</legend>
      <ol>
        {chosen.map((column, place) => (
          <li key={column}>
            <span title={column}>{column}</span>
            <button
              className="trackbook-IconButton"
              disabled={place === 0}
              aria-label={trans.__('Move %1 up', column)}
              onClick={() => move(place, -1)}
            >
              ↑
            </button>
            <button
              className="trackbook-IconButton"
              disabled={place === chosen.length - 1}
              aria-label={trans.__('Move %1 down', column)}
              onClick={() => move(place, 1)}
            >
              ↓
            </button>
            <button
              className="trackbook-IconButton"
              aria-label={trans.__('Leave out %1', column)}
              onClick={() => onChange(chosen.filter(other => other !== column))}
            >
              ×
            </button>
          </li>
        ))}
      </ol>
      <ColumnInput
        text=""
        label={trans.__('Add to %1', label)}
        placeholder={trans.__('Add a column')}
        offered={left}
        onChange={column => column && !chosen.includes(column) && onChange([...chosen, column])}
      />
    </fieldset>
  );
}

/** A column: one of those that runs have, or an expression such as `metrics.acc / metrics.size`. */
function ColumnInput(props: {
  text: string;
  label?: string;
  placeholder: string;
  offered: readonly ITableColumn[];
  onChange: (column: string) => void;
}): JSX.Element {
  const id = React.useId();
  const known = React.useMemo(
    () => new Set(props.offered.map(({ column }) => column)),
    [props.offered]
  );
  return (
    <>
      <TextInput
        text={props.text}
        label={props.label}
        placeholder={props.placeholder}
        list={id}
        isWhole={text => known.has(text)}
        onChange={props.onChange}
      />
      <datalist id={id}>
        {props.offered.map(({ column }) => (
          <option key={column} value={column} />
        ))}
      </datalist>
    </>
  );
}

/** A text that counts once it is left, confirmed or picked from a list: half a word is drawn by nobody. */
function TextInput(props: {
  text: string;
  label?: string;
  placeholder: string;
  list?: string;
  isWhole?: (text: string) => boolean;
  onChange: (text: string) => void;
}): JSX.Element {
  const [typed, setTyped] = React.useState<string | null>(null);
  const keep = (text: string) => {
    if (text.trim() !== props.text) {
      props.onChange(text.trim());
    }
    setTyped(null);
  };
  return (
    <input
      className="trackbook-Input"
      value={typed ?? props.text}
      aria-label={props.label}
      placeholder={props.placeholder}
      list={props.list}
      spellCheck={false}
      onChange={event => {
        const { value } = event.target;
        const isPicked =
          props.isWhole?.(value) && (event.nativeEvent as InputEvent).inputType !== 'insertText';
        if (isPicked) {
          keep(value);
        } else {
          setTyped(value);
        }
      }}
      onBlur={() => typed !== null && keep(typed)}
      onKeyDown={event => {
        if (event.key === 'Enter' && typed !== null) {
          keep(typed);
        } else if (event.key === 'Escape' && typed !== null) {
          event.stopPropagation();
          setTyped(null);
        }
      }}
    />
  );
}
