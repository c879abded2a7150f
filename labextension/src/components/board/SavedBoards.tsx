import * as React from 'react';

import type { BoardViews } from '../../models/boardViews';
import { useModel, useView } from '../view';

/** Which saved board is shown, and what can be done with it. */
export function SavedBoards({ views }: { views: BoardViews }): JSX.Element {
  const { trans } = useView();
  useModel(views);
  const [naming, setNaming] = React.useState<'new' | 'rename' | null>(null);
  const { current, isChanged } = views;
  return (
    <>
      <select
        className="trackbook-Select trackbook-Board-saved"
        aria-label={trans.__('Saved boards')}
        value={current?.id ?? ''}
        onFocus={() => void views.refresh()}
        onChange={event => void views.open(event.target.value || null)}
      >
        <option value="">{trans.__('Own board')}</option>
        {current && !views.views?.some(({ id }) => id === current.id) && (
          <option value={current.id}>{current.name}</option>
        )}
        {views.views?.map(view => (
          <option key={view.id} value={view.id}>
            {view.name}
          </option>
        ))}
      </select>
      {current && isChanged && (
        <span className="trackbook-Quiet" title={trans.__('Changed since it was saved')}>
          {trans.__('changed')}
        </span>
      )}
      {current && (
        <button
          className="trackbook-Button"
          disabled={!isChanged}
          onClick={() => void views.save()}
        >
          {trans.__('Save')}
        </button>
      )}
      {naming === null ? (
        <>
          <button
            className="trackbook-Button"
            disabled={!isChanged && !current}
            onClick={() => setNaming('new')}
          >
            {trans.__('Save as…')}
          </button>
          {current && (
            <>
              <button className="trackbook-Button" onClick={() => setNaming('rename')}>
                {trans.__('Rename')}
              </button>
              <button
                className="trackbook-Button"
                title={trans.__('The charts stay')}
                onClick={() => void views.remove()}
              >
                {trans.__('Delete')}
              </button>
            </>
          )}
        </>
      ) : (
        <NameForm
          name={naming === 'rename' ? (current?.name ?? '') : ''}
          onKeep={async name => {
            const isDone = await (naming === 'rename' ? views.rename(name) : views.saveAs(name));
            if (isDone) {
              setNaming(null);
            }
          }}
          onLeave={() => {
            setNaming(null);
            views.forgetError();
          }}
        />
      )}
      <Told views={views} />
    </>
  );
}

function NameForm(props: {
  name: string;
  onKeep: (name: string) => Promise<void>;
  onLeave: () => void;
}): JSX.Element {
  const { trans } = useView();
  const [name, setName] = React.useState(props.name);
  return (
    <form
      className="trackbook-Board-naming"
      onSubmit={event => {
        event.preventDefault();
        if (name.trim()) {
          void props.onKeep(name);
        }
      }}
    >
      <input
        className="trackbook-Input"
        value={name}
        autoFocus
        aria-label={trans.__('Name of the board')}
        placeholder={trans.__('Name of the board')}
        maxLength={250}
        onChange={event => setName(event.target.value)}
        onKeyDown={event => event.key === 'Escape' && props.onLeave()}
      />
      <button className="trackbook-Button" type="submit" disabled={!name.trim()}>
        {trans.__('Save')}
      </button>
      <button className="trackbook-Button" type="button" onClick={props.onLeave}>
        {trans.__('Cancel')}
      </button>
    </form>
  );
}

/** What went wrong, and how to go on; that a board was deleted. */
function Told({ views }: { views: BoardViews }): JSX.Element | null {
  const { trans } = useView();
  const { error, deleted, current } = views;
  if (views.isConflict && current) {
    return (
      <p className="trackbook-Board-told trackbook-mod-wide" role="alert">
        {trans.__('Somebody else has saved “%1” since you opened it.', current.name)}
        <button className="trackbook-Link" onClick={() => void views.overwrite()}>
          {trans.__('Save mine over it')}
        </button>
        <button className="trackbook-Link" onClick={() => void views.open(current.id)}>
          {trans.__('Show theirs')}
        </button>
      </p>
    );
  }
  if (error) {
    return (
      <p className="trackbook-FieldError trackbook-mod-wide" role="alert">
        {error.message}
      </p>
    );
  }
  if (deleted) {
    return (
      <p className="trackbook-Board-told trackbook-mod-wide" role="status">
        {trans.__('“%1” was deleted.', deleted.name)}
        <button className="trackbook-Link" onClick={() => void views.restore()}>
          {trans.__('Undo')}
        </button>
      </p>
    );
  }
  return null;
}
