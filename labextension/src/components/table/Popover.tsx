import * as React from 'react';

import { classes } from '../view';

/** A button that opens a panel below itself; Escape and a click elsewhere close it. */
export function Popover(props: {
  label: React.ReactNode;
  /** What the panel is, for readers. */
  name: string;
  title?: string;
  isMarked?: boolean;
  children: React.ReactNode | ((close: () => void) => React.ReactNode);
}): JSX.Element {
  const [isOpen, setOpen] = React.useState(false);
  const box = React.useRef<HTMLDivElement>(null);
  const button = React.useRef<HTMLButtonElement>(null);
  const id = React.useId();
  const close = React.useCallback(() => {
    setOpen(false);
    button.current?.focus();
  }, []);
  React.useEffect(() => {
    if (!isOpen) {
      return;
    }
    const onDown = (event: MouseEvent) => {
      if (!box.current?.contains(event.target as Node)) {
        setOpen(false);
      }
    };
    // What had the keyboard may be gone with what the panel showed: Escape is heard everywhere but in other fields.
    const onKeyDown = (event: KeyboardEvent) => {
      const isHere = box.current?.contains(event.target as Node) || event.target === document.body;
      if (event.key === 'Escape' && isHere) {
        event.stopPropagation();
        close();
      }
    };
    document.addEventListener('mousedown', onDown, true);
    document.addEventListener('keydown', onKeyDown);
    return () => {
      document.removeEventListener('mousedown', onDown, true);
      document.removeEventListener('keydown', onKeyDown);
    };
  }, [isOpen, close]);
  return (
    <div ref={box} className="trackbook-Popover">
      <button
        ref={button}
        className={classes('trackbook-Button', props.isMarked && 'trackbook-mod-marked')}
        title={props.title}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => setOpen(!isOpen)}
      >
        {props.label} <span aria-hidden="true">▾</span>
      </button>
      {isOpen && (
        <div id={id} className="trackbook-Popover-panel" role="dialog" aria-label={props.name}>
          <Content close={close}>{props.children}</Content>
        </div>
      )}
    </div>
  );
}

function Content(props: {
  close: () => void;
  children: React.ReactNode | ((close: () => void) => React.ReactNode);
}): JSX.Element {
  const { children, close } = props;
  return <>{typeof children === 'function' ? children(close) : children}</>;
}
