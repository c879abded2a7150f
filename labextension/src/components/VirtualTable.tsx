import * as React from 'react';

import { ROW_HEIGHT } from './rowLayout';
import { classes, useView } from './view';

/** How many rows are drawn beyond those that can be seen. */
const OVERSCAN = 8;

export interface IColumn<T> {
  id: string;
  label: string;
  /** How wide it is, as a track of a CSS grid. */
  width: string;
  isNumber?: boolean;
  /** Whether a click on its head orders the rows by it. */
  isSortable?: boolean;
  title?: string;
  render(row: T): React.ReactNode;
}

export interface IVirtualTableProps<T> {
  label: string;
  columns: readonly IColumn<T>[];
  count: number;
  at(index: number): T | undefined;
  keyOf(row: T): string;
  indexOf(key: string): number;
  /** The row that the keyboard moves. */
  active: string | null;
  isSelected(key: string): boolean;
  classOf?(row: T): string | false;
  dataOf?(row: T): Record<`data-${string}`, string>;
  sorted?: { column: string; isReverse: boolean };
  onSort?(column: string): void;
  onWindow?(first: number, last: number): void;
  onActive(row: T): void;
  onToggle(row: T): void;
  /** Select all rows between these places, both of them included. */
  onRange(from: number, to: number): void;
  onOpen?(row: T): void;
  onEscape?(): void;
}

/** A table of any length: only the rows that can be seen are drawn. Arrows move, Space selects, Enter opens. */
export function VirtualTable<T>(props: IVirtualTableProps<T>): JSX.Element {
  const { columns, count, onWindow } = props;
  const id = React.useId();
  const frame = React.useRef<HTMLDivElement>(null);
  const anchor = React.useRef(0);
  const [view, setView] = React.useState({ top: 0, height: 480 });
  useFrame(frame, setView);
  const first = Math.max(0, Math.floor(view.top / ROW_HEIGHT) - OVERSCAN);
  const last = Math.min(count - 1, Math.ceil((view.top + view.height) / ROW_HEIGHT) + OVERSCAN);
  React.useEffect(() => onWindow?.(first, Math.max(first, last)), [onWindow, first, last]);
  const template = { gridTemplateColumns: ['24px', ...columns.map(item => item.width)].join(' ') };

  const move = (index: number, isRange: boolean) => {
    const row = props.at(index);
    const box = frame.current;
    if (!row || !box) {
      return;
    }
    const top = index * ROW_HEIGHT;
    const head = ROW_HEIGHT;
    if (top < box.scrollTop) {
      box.scrollTop = top;
    } else if (top + ROW_HEIGHT + head > box.scrollTop + box.clientHeight) {
      box.scrollTop = top + ROW_HEIGHT + head - box.clientHeight;
    }
    if (isRange) {
      props.onRange(anchor.current, index);
    } else {
      anchor.current = index;
    }
    props.onActive(row);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const now = props.active === null ? -1 : props.indexOf(props.active);
    const page = Math.max(1, Math.floor(view.height / ROW_HEIGHT) - 2);
    const steps: Record<string, number> = {
      ArrowDown: now + 1,
      ArrowUp: Math.max(0, now - 1),
      PageDown: now + page,
      PageUp: now - page,
      Home: 0,
      End: count - 1
    };
    const row = now < 0 ? undefined : props.at(now);
    if (event.key in steps) {
      move(Math.max(0, Math.min(count - 1, steps[event.key])), event.shiftKey);
    } else if (event.key === ' ' && row) {
      anchor.current = now;
      props.onToggle(row);
    } else if (event.key === 'Enter' && row) {
      props.onOpen?.(row);
    } else if (event.key === 'Escape') {
      props.onEscape?.();
    } else {
      return;
    }
    event.preventDefault();
  };
  const onClick = (row: T, index: number, event: React.MouseEvent) => {
    if (event.shiftKey) {
      props.onRange(anchor.current, index);
    } else {
      anchor.current = index;
      if (event.ctrlKey || event.metaKey) {
        props.onToggle(row);
      }
    }
    props.onActive(row);
  };
  const rows: JSX.Element[] = [];
  for (let index = first; index <= last; index += 1) {
    const row = props.at(index);
    rows.push(
      <Row
        key={row ? props.keyOf(row) : index}
        {...props}
        id={`${id}-${index}`}
        row={row}
        index={index}
        template={template}
        onClick={onClick}
      />
    );
  }
  const active = props.active === null ? -1 : props.indexOf(props.active);
  return (
    <div
      ref={frame}
      className="trackbook-VirtualTable"
      role="grid"
      tabIndex={0}
      aria-label={props.label}
      aria-rowcount={count + 1}
      aria-multiselectable="true"
      aria-activedescendant={active < first || active > last ? undefined : `${id}-${active}`}
      onKeyDown={onKeyDown}
    >
      <div className="trackbook-VirtualTable-body" role="none">
        <Head {...props} template={template} />
        <div
          className="trackbook-VirtualTable-rows"
          role="rowgroup"
          style={{ height: count * ROW_HEIGHT }}
        >
          {rows}
        </div>
      </div>
    </div>
  );
}

function Head<T>(props: IVirtualTableProps<T> & { template: React.CSSProperties }): JSX.Element {
  const { trans } = useView();
  const { columns, sorted, onSort } = props;
  const orderOf = (column: string) => {
    if (sorted?.column !== column) {
      return undefined;
    }
    return sorted.isReverse ? 'descending' : 'ascending';
  };
  return (
    <div
      className="trackbook-VirtualTable-head"
      role="row"
      aria-rowindex={1}
      style={props.template}
    >
      <span role="columnheader" aria-label={trans.__('Selected')} />
      {columns.map(({ id, label, isNumber, isSortable, title }) => (
        <span
          key={id}
          role="columnheader"
          className={classes(isNumber && 'trackbook-mod-number')}
          aria-sort={orderOf(id)}
          title={title ?? label}
        >
          {isSortable && onSort ? (
            <button className="trackbook-VirtualTable-sort" onClick={() => onSort(id)}>
              {label}
              {orderOf(id) && <span aria-hidden="true">{sorted?.isReverse ? ' ▾' : ' ▴'}</span>}
            </button>
          ) : (
            label
          )}
        </span>
      ))}
    </div>
  );
}

interface IRowProps<T> extends Omit<IVirtualTableProps<T>, 'onOpen'> {
  id: string;
  row: T | undefined;
  index: number;
  template: React.CSSProperties;
  onOpen?(row: T): void;
  onClick(row: T, index: number, event: React.MouseEvent): void;
}

function Row<T>(props: IRowProps<T>): JSX.Element {
  const { trans } = useView();
  const { row, index, columns, template } = props;
  const style = { ...template, top: index * ROW_HEIGHT };
  if (row === undefined) {
    return (
      <div
        id={props.id}
        className="trackbook-VirtualTable-row trackbook-mod-unknown"
        role="row"
        aria-rowindex={index + 2}
        style={style}
      />
    );
  }
  const key = props.keyOf(row);
  const isSelected = props.isSelected(key);
  return (
    <div
      id={props.id}
      className={classes(
        'trackbook-VirtualTable-row',
        key === props.active && 'trackbook-mod-active',
        isSelected && 'trackbook-mod-selected',
        props.classOf?.(row)
      )}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      style={style}
      {...props.dataOf?.(row)}
      onClick={event => props.onClick(row, index, event)}
      onDoubleClick={() => props.onOpen?.(row)}
      onContextMenu={() => props.onActive(row)}
    >
      <span
        role="gridcell"
        className="trackbook-VirtualTable-check"
        title={isSelected ? trans.__('Selected') : trans.__('Select')}
        onClick={event => {
          event.stopPropagation();
          props.onToggle(row);
        }}
        onDoubleClick={event => event.stopPropagation()}
      >
        <span className={classes('trackbook-RunRow-check', isSelected && 'trackbook-mod-on')} />
      </span>
      {columns.map(column => (
        <span
          key={column.id}
          role="gridcell"
          className={classes(column.isNumber && 'trackbook-mod-number')}
        >
          {column.render(row)}
        </span>
      ))}
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
