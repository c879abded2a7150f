import * as React from 'react';

import { toApiError } from '../client/errors';
import { classes, useView } from './view';

interface IEditableProps {
  /** What the text is, for readers. */
  label: string;
  text: string;
  /** What stands there while there is no text. */
  placeholder: string;
  isMultiline?: boolean;
  /** Begin with editing. */
  isEditing?: boolean;
  onSave(text: string): Promise<void>;
  /** Editing is over, saved or not. */
  onEnd?(): void;
}

/** A text that is edited where it stands: Enter keeps it, Escape leaves it as it was. */
export function Editable(props: IEditableProps): JSX.Element {
  const [wasClicked, setClicked] = React.useState(false);
  const end = () => {
    setClicked(false);
    props.onEnd?.();
  };
  if (wasClicked || props.isEditing) {
    return <Editor {...props} onEnd={end} />;
  }
  return (
    <button
      className={classes('trackbook-Editable', !props.text && 'trackbook-mod-empty')}
      aria-label={`${props.label}: ${props.text || props.placeholder}`}
      onClick={() => setClicked(true)}
    >
      {props.text || props.placeholder}
    </button>
  );
}

function Editor(props: IEditableProps & { onEnd(): void }): JSX.Element {
  const { trans } = useView();
  const [text, setText] = React.useState(props.text);
  const [error, setError] = React.useState<string | null>(null);
  const isOver = React.useRef(false);
  const isSelected = React.useRef(false);
  const save = async () => {
    if (isOver.current) {
      return;
    }
    isOver.current = true;
    try {
      if (text !== props.text) {
        await props.onSave(text);
      }
      props.onEnd();
    } catch (reason) {
      isOver.current = false;
      setError(toApiError(reason).message);
    }
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === 'Escape') {
      isOver.current = true;
      props.onEnd();
    } else if (event.key === 'Enter' && (!props.isMultiline || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      void save();
    }
  };
  const common = {
    className: 'trackbook-Input',
    value: text,
    'aria-label': props.label,
    'aria-invalid': error !== null,
    autoFocus: true,
    onKeyDown,
    onBlur: () => void save(),
    onFocus: (event: React.FocusEvent<HTMLInputElement | HTMLTextAreaElement>) => {
      // Once: who comes back to a text that could not be saved goes on typing, and must not write over it.
      if (!isSelected.current) {
        isSelected.current = true;
        event.target.select();
      }
    }
  };
  return (
    <span className="trackbook-Editor" onClick={event => event.stopPropagation()}>
      {props.isMultiline ? (
        <textarea
          {...common}
          rows={Math.max(3, text.split('\n').length)}
          title={trans.__('Ctrl+Enter keeps it, Escape leaves it as it was')}
          onChange={event => setText(event.target.value)}
        />
      ) : (
        <input {...common} onChange={event => setText(event.target.value)} />
      )}
      {error && (
        <span className="trackbook-FieldError" role="alert">
          {error}
        </span>
      )}
    </span>
  );
}
