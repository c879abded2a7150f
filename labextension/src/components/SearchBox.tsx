import * as React from 'react';

import type { ApiError } from '../client/errors';
import { useView } from './view';

/** How much of a query stands around the place of an error. */
const AROUND = 14;

/** The search box; what is wrong with a search stands below it and points at the character. */
export function SearchBox(props: {
  text: string;
  error: ApiError | null;
  /** Grows when somebody asks for the cursor to be here. */
  requests: number;
  onChange(text: string): void;
  /** The user is done here: the cursor goes to the list. */
  onLeave(): void;
}): JSX.Element {
  const { trans } = useView();
  const input = React.useRef<HTMLInputElement>(null);
  const errorId = React.useId();
  React.useEffect(() => {
    if (props.requests > 0) {
      input.current?.focus();
      input.current?.select();
    }
  }, [props.requests]);
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === 'Escape' && props.text) {
      event.preventDefault();
      props.onChange('');
    } else if (['Escape', 'Enter', 'ArrowDown'].includes(event.key)) {
      event.preventDefault();
      props.onLeave();
    }
  };
  return (
    <>
      <input
        ref={input}
        className="trackbook-Input"
        type="search"
        value={props.text}
        placeholder={trans.__('/ search…')}
        title={trans.__('Words, or conditions such as metrics.acc > 0.9 and params.lr <= 0.1')}
        aria-label={trans.__('Search runs')}
        aria-invalid={props.error !== null}
        aria-describedby={props.error ? errorId : undefined}
        spellCheck={false}
        onChange={event => props.onChange(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {props.error && (
        <div id={errorId} className="trackbook-QueryError" role="alert">
          {props.error.position !== null && <Pointer text={props.text} at={props.error.position} />}
          <span>{props.error.reason}</span>
        </div>
      )}
    </>
  );
}

/** The part of the query around the error, with the character marked. */
function Pointer({ text, at }: { text: string; at: number }): JSX.Element {
  const query = text.trim();
  const start = Math.max(0, at - AROUND);
  return (
    <code>
      {start > 0 && '…'}
      {query.slice(start, at)}
      <mark>{query.slice(at, at + 1) || '\u00a0'}</mark>
      {query.slice(at + 1, at + AROUND)}
    </code>
  );
}
