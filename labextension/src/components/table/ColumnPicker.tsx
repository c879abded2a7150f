import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { toApiError } from '../../client/errors';
import type { ColumnKind, ITableClient, ITableColumn } from '../../client/table';
import { sparkColumn } from '../../models/table/columns';
import { isSummary, metricKey, summaryColumn } from '../../models/table/firstColumns';
import type { TablePage } from '../../models/table/tablePage';
import { useModel, useView } from '../view';

const EXAMPLE = 'metrics.acc / metrics.size';

/** How many columns are listed at once: a search finds the others. */
const LISTED = 200;

const KINDS: readonly ColumnKind[] = ['attribute', 'metric', 'param', 'tag', 'data'];

/** Chooses which columns the table has, and takes what isn't listed as it is typed. */
export function ColumnPicker(props: {
  page: TablePage;
  client: Pick<ITableClient, 'check'>;
}): JSX.Element {
  const { trans } = useView();
  const { page } = props;
  const { table } = page;
  useModel(table, table.columns);
  const [word, setWord] = React.useState('');
  const lower = word.trim().toLowerCase();
  const choices = choicesOf(table.known, trans);
  const matching = choices.filter(({ column }) => column.toLowerCase().includes(lower));
  const listed = matching.slice(0, LISTED);
  const shown = table.columns.columns.map(({ column }) => column);
  const listable = new Set(choices.flatMap(({ column, more }) => [column, ...more.map(of)]));
  const typed = shown.filter(column => !listable.has(column));
  const toggle = (column: string, isOn: boolean) =>
    isOn ? page.addColumn(column) : table.columns.remove(column);
  const box = (column: string, count?: number, more: readonly IForm[] = []) => (
    <div key={column} className="trackbook-ColumnPicker-choice">
      <label title={column}>
        <input
          type="checkbox"
          checked={shown.includes(column)}
          onChange={event => toggle(column, event.target.checked)}
        />
        <span>{column}</span>
      </label>
      {more.map(form => (
        <button
          key={form.column}
          className="trackbook-Link"
          aria-pressed={shown.includes(form.column)}
          title={form.title}
          onClick={() => toggle(form.column, !shown.includes(form.column))}
        >
          {form.word}
          <span className="trackbook-ReadersOnly"> {column}</span>
        </button>
      ))}
      {count !== undefined && <span className="trackbook-Quiet">{count}</span>}
    </div>
  );
  return (
    <div className="trackbook-ColumnPicker">
      <input
        className="trackbook-Input"
        type="search"
        autoFocus
        value={word}
        placeholder={trans.__('Search columns')}
        aria-label={trans.__('Search columns')}
        spellCheck={false}
        onChange={event => setWord(event.target.value)}
      />
      <div className="trackbook-ColumnPicker-list">
        {!lower && typed.length > 0 && (
          <fieldset>
            <legend>{trans.__('Typed')}</legend>
            {typed.map(column => box(column))}
          </fieldset>
        )}
        {KINDS.map(kind => {
          const items = listed.filter(choice => choice.kind === kind);
          return (
            items.length > 0 && (
              <fieldset key={kind}>
                <legend>{kindWord(kind, trans)}</legend>
                {items.map(({ column, count, more }) => box(column, count, more))}
              </fieldset>
            )
          );
        })}
        {!matching.length && <p className="trackbook-Quiet">{trans.__('No such column.')}</p>}
        {matching.length > LISTED && (
          <p className="trackbook-Quiet">
            {trans.__('%1 more: search for them.', matching.length - LISTED)}
          </p>
        )}
      </div>
      <Expression {...props} />
      {page.notice?.kind === 'full' && (
        <p className="trackbook-FieldError" role="alert">
          {trans.__('A table has room for 60 columns and 4 curves; hide one first.')}
        </p>
      )}
    </div>
  );
}

/** A column of one's own, checked by the server where it is typed. */
function Expression(props: { page: TablePage; client: Pick<ITableClient, 'check'> }): JSX.Element {
  const { trans } = useView();
  const { page, client } = props;
  const [text, setText] = React.useState('');
  const [problem, setProblem] = React.useState<{ message: string; start: number } | null>(null);
  const id = React.useId();
  const input = React.useRef<HTMLInputElement>(null);
  const add = async (event: React.FormEvent) => {
    event.preventDefault();
    const column = text.trim();
    if (!column) {
      return;
    }
    try {
      const found = await client.check(page.project, { columns: [column] });
      setProblem(found);
      if (found) {
        input.current?.setSelectionRange(found.start, Math.max(found.end, found.start + 1));
      } else {
        page.addColumn(column);
        setText('');
      }
    } catch (error) {
      setProblem({ message: toApiError(error).message, start: 0 });
    }
  };
  return (
    <form className="trackbook-ColumnPicker-own" onSubmit={event => void add(event)}>
      <input
        ref={input}
        className="trackbook-Input"
        value={text}
        placeholder={EXAMPLE}
        aria-label={trans.__('Column by arithmetic')}
        title={trans.__('A field, or arithmetic over numbers, such as metrics.acc / metrics.size')}
        aria-invalid={problem !== null}
        aria-describedby={problem ? id : undefined}
        spellCheck={false}
        onChange={event => {
          setText(event.target.value);
          setProblem(null);
        }}
      />
      <button className="trackbook-Button" type="submit" disabled={!text.trim()}>
        {trans.__('Add')}
      </button>
      {problem && (
        <span id={id} className="trackbook-FieldError" role="alert">
          {problem.message}
        </span>
      )}
    </form>
  );
}

/** Another column of the same metric. */
interface IForm {
  column: string;
  word: string;
  title: string;
}

interface IChoice {
  column: string;
  kind: ColumnKind;
  count: number;
  more: readonly IForm[];
}

const of = (form: IForm) => form.column;

/** What can be shown: each column, and beside the last value of a metric its lowest, its highest, and its curve. */
function choicesOf(known: readonly ITableColumn[], trans: TranslationBundle): IChoice[] {
  return known.map(({ column, kind, count }) => {
    const key = kind === 'metric' && !isSummary(column) ? metricKey(column) : null;
    return { column, kind, count, more: key === null ? [] : formsOf(column, key, trans) };
  });
}

function formsOf(column: string, key: string, trans: TranslationBundle): IForm[] {
  return [
    {
      column: summaryColumn('min', column),
      word: trans.__('min'),
      title: trans.__('The lowest value that each run ever had')
    },
    {
      column: summaryColumn('max', column),
      word: trans.__('max'),
      title: trans.__('The highest value that each run ever had')
    },
    { column: sparkColumn(key), word: trans.__('curve'), title: trans.__('A small curve') }
  ];
}

function kindWord(kind: ColumnKind, trans: TranslationBundle): string {
  const words: Readonly<Record<ColumnKind, string>> = {
    attribute: trans.__('Run'),
    metric: trans.__('Metrics'),
    param: trans.__('Parameters'),
    tag: trans.__('Tags'),
    data: trans.__('Data')
  };
  return words[kind];
}
