import type { ListState } from '../models/listState';
import type { RunListModel } from '../models/runList';
import type { SelectionModel } from '../models/selection';

/** What the keys of a list of runs work on. */
export interface IListParts {
  list: RunListModel;
  state: ListState;
  selection: SelectionModel;
}

/** Do what a key asks for in the list; returns the row to bring into view, or null if the key means nothing here. */
export function handleListKey(
  parts: IListParts,
  event: Pick<KeyboardEvent, 'key' | 'shiftKey'>,
  pageSize: number
): number | null {
  const { list, state, selection } = parts;
  const { rows } = list;
  const from = state.active === null ? -1 : rows.indexOf(state.active);
  const target = targetOf(event.key, from, pageSize, rows.total);
  if (target !== null) {
    const run = rows.at(target);
    if (run) {
      if (event.shiftKey) {
        selectRange(parts, run.id);
      } else {
        state.setAnchor(run.id);
      }
      state.setActive(run.id);
    }
    return target;
  }
  const { active } = state;
  if (active === null) {
    return null;
  }
  switch (event.key) {
    case ' ':
      state.setAnchor(active);
      selection.toggle(active);
      return from;
    case 'ArrowRight':
      state.expand(active, true);
      return from;
    case 'ArrowLeft':
      state.expand(active, false);
      return from;
    default:
      return null;
  }
}

/** Select all rows between the anchor and `id`, as far as they are known. */
export function selectRange({ list, state, selection }: IListParts, id: string): void {
  const from = list.rows.indexOf(state.anchor ?? state.active ?? id);
  const to = list.rows.indexOf(id);
  const ids: string[] = [];
  for (let index = Math.min(from, to); index >= 0 && index <= Math.max(from, to); index += 1) {
    const run = list.rows.at(index);
    if (run) {
      ids.push(run.id);
    }
  }
  selection.add(ids.length ? ids : [id]);
}

function targetOf(key: string, from: number, pageSize: number, total: number): number | null {
  const last = total - 1;
  if (last < 0) {
    return null;
  }
  switch (key) {
    case 'ArrowDown':
      return Math.min(last, from + 1);
    case 'ArrowUp':
      return Math.max(0, from - 1);
    case 'PageDown':
      return Math.min(last, from + pageSize);
    case 'PageUp':
      return Math.max(0, from - pageSize);
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return null;
  }
}
