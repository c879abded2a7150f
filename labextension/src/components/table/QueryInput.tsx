import * as React from 'react';

import type { IQueryProblem } from '../../client/table';
import type { IOption } from '../../models/table/completion';
import type { TablePage } from '../../models/table/tablePage';
import { classes, useModel, useView } from '../view';

/** How much of a search stands around the place of an error. */
const AROUND = 24;

/** The search of the run table, with what could come next, and with errors where they are. */
export function QueryInput(props: { page: TablePage; onLeave(): void }): JSX.Element {
  const { trans } = useView();
  const { page } = props;
  const { box } = page;
  useModel(box, page);
  const input = React.useRef<HTMLInputElement>(null);
  const id = React.useId();
  const { options, active, text } = box;
  // What is still being typed is no mistake yet.
  const isUnfinished = options.length > 0 && (box.problem?.end ?? 0) >= text.trimEnd().length;
  const problem = isUnfinished ? null : box.problem;
  React.useEffect(() => {
    if (page.searchRequests > 0) {
      input.current?.focus();
      input.current?.select();
    }
  }, [page.searchRequests]);
  const choose = (index?: number) => {
    const cursor = box.choose(index);
    if (cursor !== null) {
      // The text comes with the next rendering, and the cursor behind it.
      requestAnimationFrame(() => {
        input.current?.focus();
        input.current?.setSelectionRange(cursor, cursor);
      });
    }
    return cursor !== null;
  };
  const onKeyDown = (event: React.KeyboardEvent<HTMLInputElement>) => {
    const isOpen = options.length > 0;
    if (isOpen && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      box.move(event.key === 'ArrowDown' ? 1 : -1);
    } else if ((event.key === 'Enter' || event.key === 'Tab') && isOpen && active >= 0) {
      choose();
    } else if (event.key === 'Enter') {
      void box.settle();
    } else if (event.key === ' ' && event.ctrlKey) {
      box.offer(event.currentTarget.selectionStart ?? text.length);
    } else if (event.key === 'Escape' && isOpen) {
      box.close();
    } else if (event.key === 'Escape' && text) {
      box.setText('', 0);
      box.close();
    } else if (event.key === 'Escape' || event.key === 'ArrowDown') {
      props.onLeave();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="trackbook-Query">
      <input
        ref={input}
        className="trackbook-Input"
        type="text"
        role="combobox"
        value={text}
        placeholder={trans.__('/ search: words, or metrics.acc > 0.9 and params.lr <= 0.1')}
        aria-label={trans.__('Search runs')}
        aria-invalid={problem !== null}
        aria-describedby={problem ? `${id}-problem` : undefined}
        aria-expanded={options.length > 0}
        aria-controls={`${id}-options`}
        aria-autocomplete="list"
        aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
        spellCheck={false}
        autoComplete="off"
        onChange={event =>
          box.setText(event.target.value, event.target.selectionStart ?? event.target.value.length)
        }
        onKeyDown={onKeyDown}
        onBlur={() => void box.settle()}
      />
      {text && (
        <button
          className="trackbook-IconButton trackbook-Query-clear"
          aria-label={trans.__('Clear the search')}
          title={trans.__('Clear the search')}
          onMouseDown={event => event.preventDefault()}
          onClick={() => {
            box.setText('', 0);
            box.close();
            input.current?.focus();
          }}
        >
          ×
        </button>
      )}
      <Options id={id} options={options} active={active} onChoose={choose} />
      {problem && <Problem id={`${id}-problem`} text={text} problem={problem} />}
    </div>
  );
}

function Options(props: {
  id: string;
  options: readonly IOption[];
  active: number;
  onChoose(index: number): void;
}): JSX.Element {
  const { trans } = useView();
  const { id, options, active } = props;
  return (
    <ul
      id={`${id}-options`}
      className="trackbook-Query-options"
      role="listbox"
      aria-label={trans.__('What could come next')}
      hidden={!options.length}
    >
      {options.map((option, index) => (
        <li
          key={option.text}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === active}
          className={classes(index === active && 'trackbook-mod-active')}
          // The cursor stays in the text.
          onMouseDown={event => event.preventDefault()}
          onClick={() => props.onChoose(index)}
        >
          <span>{option.text}</span>
          {option.count !== null && (
            <span className="trackbook-Quiet">{trans._n('%1 run', '%1 runs', option.count)}</span>
          )}
        </li>
      ))}
    </ul>
  );
}

/** What is wrong, below the characters that it is about. */
function Problem(props: { id: string; text: string; problem: IQueryProblem }): JSX.Element {
  const { text, problem } = props;
  const start = Math.max(0, problem.start - AROUND);
  const end = Math.max(problem.end, problem.start + 1);
  return (
    <div id={props.id} className="trackbook-QueryError" role="alert">
      <code>
        {start > 0 && '…'}
        {text.slice(start, problem.start)}
        <mark>{text.slice(problem.start, end) || '\u00a0'}</mark>
        {text.slice(end, end + AROUND)}
        {text.length > end + AROUND && '…'}
      </code>
      <span>{problem.message}</span>
    </div>
  );
}
