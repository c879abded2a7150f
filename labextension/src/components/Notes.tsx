import { Clipboard } from '@jupyterlab/apputils';
import * as React from 'react';

import type { ApiError } from '../client/errors';
import { useView } from './view';

/** What went wrong, what to do, and a way to try again. */
export function ErrorNote(props: {
  error: ApiError;
  hint?: string;
  onRetry?: () => void;
}): JSX.Element {
  const { trans } = useView();
  return (
    <div className="trackbook-Note trackbook-mod-error" role="alert">
      <p>{props.error.message}</p>
      {props.hint && <p className="trackbook-Note-hint">{props.hint}</p>}
      {props.onRetry && (
        <button className="trackbook-Button" onClick={props.onRetry}>
          {trans.__('Try again')}
        </button>
      )}
    </div>
  );
}

/** That something is on its way; said only after a moment, so that quick answers don't flicker. */
export function Loading(props: { label: string }): JSX.Element {
  return (
    <div className="trackbook-Loading" role="status">
      {props.label}
    </div>
  );
}

/** Code to copy, with a button that does it. */
export function CopyCode(props: { code: string }): JSX.Element {
  const { trans } = useView();
  const [isCopied, setCopied] = React.useState(false);
  const copy = () => {
    // Works on pages without https, too, where browsers keep their own clipboard away.
    Clipboard.copyToSystem(props.code);
    setCopied(true);
  };
  return (
    <div className="trackbook-CopyCode">
      <pre>{props.code}</pre>
      <button className="trackbook-Button" onClick={copy}>
        {isCopied ? trans.__('Copied') : trans.__('Copy')}
      </button>
    </div>
  );
}

/** A sign that something needs a look, with the sentence that says what. */
export function Warning(props: { text: string }): JSX.Element {
  const { trans } = useView();
  return (
    <span className="trackbook-Warning">
      <span role="img" aria-label={trans.__('Warning:')}>
        ⚠
      </span>{' '}
      {props.text}
    </span>
  );
}
