import * as React from 'react';

import type { TablePage } from '../../models/table/tablePage';
import { useModel, useView } from '../view';
import type { RunGrid } from './runGrid';

const MIN_EDITOR = 180;

/** The editor of a text of a run, over its cell. It stays where it is while the table scrolls or changes below it. */
export function CellEditor(props: {
  grid: RunGrid;
  page: TablePage;
  /** Editing is over: the keyboard goes back to the grid. */
  onEnd(): void;
}): JSX.Element | null {
  const { trans } = useView();
  const { grid, page } = props;
  const { editing } = page;
  useModel(editing);
  const edit = editing.current;
  const key = edit && `${edit.id} ${JSON.stringify(edit.field)}`;
  const place = React.useMemo(
    () => (edit ? placeOf(grid, page) : null),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the place is that of the moment when the edit began
    [key]
  );
  const isReady = edit !== null && edit.before !== null;
  const input = React.useRef<HTMLTextAreaElement & HTMLInputElement>(null);
  React.useEffect(() => {
    if (isReady) {
      input.current?.focus();
      input.current?.select();
    }
  }, [key, isReady]);
  if (!edit || !place) {
    return null;
  }
  const labels = {
    name: trans.__('Name'),
    notes: trans.__('Notes'),
    tags: trans.__('Tags'),
    tag: edit.field.kind === 'tag' ? trans.__('Tag %1', edit.field.key) : ''
  };
  const isLong = edit.field.kind === 'notes';
  const save = async () => {
    if (await editing.save()) {
      props.onEnd();
    } else {
      input.current?.focus();
    }
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === 'Escape') {
      editing.cancel();
      props.onEnd();
    } else if (event.key === 'Enter' && (!isLong || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      void save();
    }
  };
  const common = {
    ref: input,
    className: 'trackbook-Input',
    value: editing.text,
    readOnly: !isReady || editing.isSaving,
    'aria-label': labels[edit.field.kind],
    'aria-invalid': editing.error !== null,
    onKeyDown,
    onBlur: () => void (editing.error === null && editing.save())
  };
  return (
    <div className="trackbook-Grid-editor" style={place}>
      {isLong ? (
        <textarea
          {...common}
          rows={5}
          title={trans.__('Ctrl+Enter keeps it, Escape leaves it as it was')}
          onChange={event => editing.setText(event.target.value)}
        />
      ) : (
        <input
          {...common}
          placeholder={
            edit.field.kind === 'tags' ? trans.__('Add tags, such as baseline, team=vision') : ''
          }
          onChange={event => editing.setText(event.target.value)}
        />
      )}
      {editing.error !== null && (
        <span className="trackbook-FieldError" role="alert">
          {editing.error} {isReady && trans.__('What you typed is kept here.')}
        </span>
      )}
    </div>
  );
}

/** Over the cell of the cursor, and wholly in sight. */
function placeOf(grid: RunGrid, { cursor }: TablePage): React.CSSProperties {
  const { x, y, width } = grid.boxOf(Math.max(0, cursor.row), cursor.column);
  const room = Math.max(width, MIN_EDITOR);
  return {
    left: Math.max(0, Math.min(x, grid.viewportWidth - room)),
    top: Math.max(0, Math.min(y, grid.viewportHeight - 60)),
    width: room
  };
}
