import { Notification } from '@jupyterlab/apputils';
import * as React from 'react';

import type { TablePage } from '../../models/table/tablePage';
import { classes, useModel, useView } from '../view';

/** The saved views: which is shown, whether the table differs from it, and what can be done with it. */
export function ViewPicker({ page, onDone }: { page: TablePage; onDone(): void }): JSX.Element {
  const { trans } = useView();
  const { views } = page;
  useModel(views);
  const { current, isChanged, error } = views;
  const [naming, setNaming] = React.useState<'new' | 'rename' | null>(null);
  const isConflict = error?.status === 409 && naming === null;
  const remove = async () => {
    const gone = await views.remove();
    if (gone) {
      Notification.info(trans.__('The view “%1” was deleted.', gone.name), {
        autoClose: 10_000,
        actions: [{ label: trans.__('Undo'), callback: () => void views.restore(gone) }]
      });
    }
  };
  const save = async (name: string) => {
    if (await (naming === 'rename' ? views.rename(name) : views.saveAs(name))) {
      setNaming(null);
      onDone();
    }
  };
  return (
    <div className="trackbook-Views">
      {views.views.length ? (
        <ul>
          {views.views.map(view => (
            <li key={view.id}>
              <button
                className={classes(
                  'trackbook-Views-view',
                  view.id === views.currentId && 'trackbook-mod-active'
                )}
                aria-current={view.id === views.currentId}
                onClick={() => {
                  views.open(view.id);
                  onDone();
                }}
              >
                {view.name}
                {view.id === views.currentId && isChanged && (
                  <span className="trackbook-Quiet"> {trans.__('(changed)')}</span>
                )}
              </button>
            </li>
          ))}
        </ul>
      ) : (
        <p className="trackbook-Quiet">
          {trans.__(
            'No saved views yet. A view keeps search, columns, order and groups for all who work on the project.'
          )}
        </p>
      )}
      {isConflict ? (
        <div className="trackbook-FieldError" role="alert">
          <p>
            {trans.__('Somebody else has changed this view meanwhile. Nothing of yours is lost.')}
          </p>
          <button className="trackbook-Button" onClick={() => void views.saveOver()}>
            {trans.__('Save mine over it')}
          </button>{' '}
          <button
            className="trackbook-Button"
            onClick={() => {
              views.forgetError();
              setNaming('new');
            }}
          >
            {trans.__('Save under another name')}
          </button>
        </div>
      ) : (
        error && (
          <p className="trackbook-FieldError" role="alert">
            {error.message}
          </p>
        )
      )}
      {naming ? (
        <NameForm
          name={naming === 'rename' ? (current?.name ?? '') : ''}
          onSave={name => void save(name)}
          onCancel={() => {
            views.forgetError();
            setNaming(null);
          }}
        />
      ) : (
        <div className="trackbook-Details-actions">
          {current && (
            <button
              className="trackbook-Button trackbook-mod-primary"
              disabled={!isChanged}
              onClick={() => void views.save()}
            >
              {trans.__('Save')}
            </button>
          )}
          <button className="trackbook-Button" onClick={() => setNaming('new')}>
            {trans.__('Save as…')}
          </button>
          {current && (
            <>
              {isChanged && (
                <button className="trackbook-Button" onClick={() => views.open(current.id)}>
                  {trans.__('Go back to it')}
                </button>
              )}
              <button className="trackbook-Button" onClick={() => setNaming('rename')}>
                {trans.__('Rename…')}
              </button>
              <button className="trackbook-Button" onClick={() => void remove()}>
                {trans.__('Delete')}
              </button>
            </>
          )}
        </div>
      )}
    </div>
  );
}

function NameForm(props: {
  name: string;
  onSave(name: string): void;
  onCancel(): void;
}): JSX.Element {
  const { trans } = useView();
  const [name, setName] = React.useState(props.name);
  return (
    <form
      className="trackbook-ColumnPicker-own"
      onSubmit={event => {
        event.preventDefault();
        if (name.trim()) {
          props.onSave(name.trim());
        }
      }}
    >
      <input
        className="trackbook-Input"
        autoFocus
        value={name}
        maxLength={250}
        placeholder={trans.__('Name of the view')}
        aria-label={trans.__('Name of the view')}
        onChange={event => setName(event.target.value)}
      />
      <button
        className="trackbook-Button trackbook-mod-primary"
        type="submit"
        disabled={!name.trim()}
      >
        {trans.__('Save')}
      </button>
      <button className="trackbook-Button" type="button" onClick={props.onCancel}>
        {trans.__('Cancel')}
      </button>
    </form>
  );
}
