import * as React from 'react';

import type { IRun } from '../client/types';
import { CommandIDs } from '../commandIds';
import type { BestModel } from '../models/best';
import type { ColoursModel } from '../models/colours';
import type { Details } from '../models/details';
import { readingKey } from './direction';
import { RunDetails } from './RunDetails';
import { RunRow } from './RunRow';
import { handleListKey, type IListParts, selectRange } from './runListKeys';
import { ROW_HEIGHT, RowLayout } from './rowLayout';
import { classes, useModel, useView } from './view';

/** How many rows are drawn beyond those that can be seen. */
const OVERSCAN = 8;

/** How far below a run its predecessor is looked for. */
const REACH = 40;

export interface IRunListProps extends IListParts {
  colours: ColoursModel;
  best: BestModel;
  details: Details;
  onRename(id: string, name: string): Promise<void>;
}

/** All runs of the list; only those that can be seen are drawn. */
export function RunList(props: IRunListProps): JSX.Element {
  const { trans, execute } = useView();
  const { list, state, selection, colours, best } = props;
  useModel(list, state, selection, colours, best);
  const frame = React.useRef<HTMLDivElement>(null);
  const [view, setView] = React.useState({ top: 0, height: 600 });
  const [isPointed, setPointed] = React.useState(false);
  const { rows } = list;
  const unfolded = [...state.expanded].map(id => ({
    index: rows.indexOf(id),
    extra: state.extraHeight(id)
  }));
  const layout = new RowLayout(rows.total, unfolded);
  const first = Math.max(0, layout.at(view.top) - OVERSCAN);
  const last = Math.min(rows.total - 1, layout.at(view.top + view.height) + OVERSCAN);
  const follow = view.top < ROW_HEIGHT && !isPointed;

  useFrame(frame, setView);
  React.useEffect(() => list.setWindow(first, last, follow), [list, first, last, follow]);
  // A list of other runs starts at its head.
  const place = list.place;
  React.useEffect(() => {
    frame.current?.scrollTo({ top: 0 });
  }, [place]);

  const reveal = (index: number) => {
    const top = layout.top(index);
    const box = frame.current;
    if (box && top < box.scrollTop) {
      box.scrollTop = top;
    } else if (box && top + ROW_HEIGHT > box.scrollTop + box.clientHeight) {
      box.scrollTop = top + ROW_HEIGHT - box.clientHeight;
    }
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const { shiftKey } = event;
    const asked = { key: readingKey(event), shiftKey };
    const index = handleListKey(props, asked, Math.floor(view.height / ROW_HEIGHT));
    if (index !== null) {
      event.preventDefault();
      reveal(index);
    }
  };
  const onSelect = (run: IRun, event: React.MouseEvent) => {
    if (event.shiftKey) {
      selectRange(props, run.id);
    } else if (event.ctrlKey || event.metaKey) {
      selection.toggle(run.id);
    }
    state.setAnchor(run.id);
    state.setActive(run.id);
  };
  const drawn: JSX.Element[] = [];
  for (let index = first; index <= last; index += 1) {
    const run = rows.at(index);
    const style = { top: layout.top(index) };
    drawn.push(
      run ? (
        <Item
          key={run.id}
          {...props}
          run={run}
          earlier={earlierRun(props, run, index)}
          index={index}
          style={style}
          onSelect={onSelect}
        />
      ) : (
        <div key={index} className="trackbook-RunRow trackbook-mod-unknown" style={style} />
      )
    );
  }
  return (
    <>
      {rows.pending > 0 && (
        <button
          className="trackbook-NewRuns"
          onClick={() => {
            list.showPending();
            frame.current?.scrollTo({ top: 0 });
          }}
        >
          {trans._n('↑ %1 new run', '↑ %1 new runs', rows.pending)}
        </button>
      )}
      <div
        ref={frame}
        className="trackbook-RunList"
        role="tree"
        tabIndex={0}
        aria-label={trans.__('Runs')}
        aria-multiselectable="true"
        aria-activedescendant={state.active ? rowId(state.active) : undefined}
        onKeyDown={onKeyDown}
        onMouseEnter={() => setPointed(true)}
        onMouseLeave={() => setPointed(false)}
        onDoubleClick={event => {
          const id = (event.target as Element).closest('[data-run]')?.getAttribute('data-run');
          if (id) {
            execute(CommandIDs.openRun, { project: list.project.project?.id ?? '', run: id });
          }
        }}
      >
        <div className="trackbook-RunList-rows" role="none" style={{ height: layout.height }}>
          {drawn}
        </div>
      </div>
    </>
  );
}

interface IItemProps extends IRunListProps {
  run: IRun;
  earlier: IRun | null;
  index: number;
  style: React.CSSProperties;
  onSelect(run: IRun, event: React.MouseEvent): void;
}

function Item(props: IItemProps): JSX.Element {
  const { run, list, state, selection, colours, best, details, index } = props;
  const { editing } = state;
  const isEdited = editing?.id === run.id;
  const isExpanded = state.isExpanded(run.id);
  const isSelected = selection.has(run.id);
  const isActive = state.active === run.id;
  const project = list.project.project?.id ?? '';
  return (
    <div
      id={rowId(run.id)}
      className={classes(
        'trackbook-RunItem',
        isActive && 'trackbook-mod-active',
        isSelected && 'trackbook-mod-selected'
      )}
      style={props.style}
      role="treeitem"
      aria-level={1}
      aria-posinset={index + 1}
      aria-setsize={list.rows.total}
      aria-expanded={isExpanded}
      aria-selected={isSelected}
    >
      <div
        className="trackbook-RunRow"
        data-run={run.id}
        onClick={event => props.onSelect(run, event)}
        onContextMenu={() => state.setActive(run.id)}
      >
        <RunRow
          run={run}
          earlier={props.earlier}
          isSelected={isSelected}
          isExpanded={isExpanded}
          isBest={best.has(run)}
          isRenaming={isEdited && editing.field === 'name'}
          colour={colours.get(run.id)}
          onToggle={id => selection.toggle(id)}
          onExpand={id => state.expand(id)}
          onRename={props.onRename}
          onEditEnd={() => state.endEdit(run.id, 'name')}
        />
      </div>
      {isExpanded && (
        <Measured onHeight={height => state.measure(run.id, height)}>
          <RunDetails
            run={run}
            model={details.get(project, run.id)}
            editing={isEdited && editing.field !== 'name' ? editing.field : null}
            onEditEnd={field => state.endEdit(run.id, field)}
          />
        </Measured>
      )}
    </div>
  );
}

/** Tells how high its content is, whenever that changes. */
function Measured(props: {
  children: React.ReactNode;
  onHeight(height: number): void;
}): JSX.Element {
  const box = React.useRef<HTMLDivElement>(null);
  const { onHeight } = props;
  React.useEffect(() => {
    const element = box.current;
    if (!element) {
      return;
    }
    const observer = new ResizeObserver(() => onHeight(element.offsetHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, [onHeight]);
  return (
    <div ref={box} className="trackbook-Details">
      {props.children}
    </div>
  );
}

function useFrame(
  frame: React.RefObject<HTMLDivElement>,
  setView: (view: { top: number; height: number }) => void
): void {
  React.useEffect(() => {
    const box = frame.current;
    if (!box) {
      return;
    }
    const read = () => setView({ top: box.scrollTop, height: box.clientHeight });
    const observer = new ResizeObserver(read);
    observer.observe(box);
    box.addEventListener('scroll', read, { passive: true });
    return () => {
      observer.disconnect();
      box.removeEventListener('scroll', read);
    };
  }, [frame, setView]);
}

function earlierRun({ list }: IRunListProps, run: IRun, index: number): IRun | null {
  for (let below = index + 1; below <= index + REACH && below < list.rows.total; below += 1) {
    const other = list.rows.at(below);
    if (other?.experiment === run.experiment) {
      return other;
    }
  }
  return null;
}

function rowId(run: string): string {
  return `trackbook-run-${run}`;
}
