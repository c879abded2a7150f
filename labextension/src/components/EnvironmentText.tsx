import * as React from 'react';

import type { EnvironmentPart } from '../client/tokens';
import type { RunModel } from '../models/run';
import { useLoaded } from './loaded';
import { ErrorNote, Loading } from './Notes';
import { useView } from './view';

/** A text of the environment that is loaded when somebody wants to see it. */
export function EnvironmentText(props: {
  model: RunModel;
  part: EnvironmentPart;
  /** What the button says while the text is hidden, and while it is shown. */
  show: string;
  hide: string;
}): JSX.Element {
  const { model, part, show, hide } = props;
  const [isOpen, setOpen] = React.useState(false);
  return (
    <>
      <button className="trackbook-Button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {isOpen ? hide : show}
      </button>
      {isOpen && <Text model={model} part={part} />}
    </>
  );
}

function Text({ model, part }: { model: RunModel; part: EnvironmentPart }): JSX.Element {
  const { trans } = useView();
  const load = React.useMemo(() => () => model.environmentText(part), [model, part]);
  const { value, error } = useLoaded(load);
  if (error) {
    return <ErrorNote error={error} />;
  }
  if (value === null) {
    return <Loading label={trans.__('Loading…')} />;
  }
  return (
    <pre className="trackbook-Source trackbook-EnvironmentText" tabIndex={0}>
      {part === 'diff' ? <DiffLines text={value} /> : value}
    </pre>
  );
}

/** The lines of a diff; what was added and removed is shaded, and begins with its sign in any case. */
export function DiffLines({ text }: { text: string }): JSX.Element {
  return (
    <>
      {text.split('\n').map((line, place) => (
        <span key={place} className={lineClass(line)}>
          {line}
          {'\n'}
        </span>
      ))}
    </>
  );
}

function lineClass(line: string): string | undefined {
  if (line.startsWith('diff ')) {
    return 'trackbook-mod-file';
  }
  if (line.startsWith('+++') || line.startsWith('---')) {
    return undefined;
  }
  return line.startsWith('+')
    ? 'trackbook-mod-added'
    : line.startsWith('-')
      ? 'trackbook-mod-removed'
      : undefined;
}
