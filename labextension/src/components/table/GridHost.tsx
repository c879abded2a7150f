import { Clipboard } from '@jupyterlab/apputils';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

import { CommandIDs } from '../../commandIds';
import type { TablePage } from '../../models/table/tablePage';
import { classes, useModel, useView } from '../view';
import { CellContents } from './cellContent';
import { CellEditor } from './CellEditor';
import { GridMirror } from './GridMirror';
import { handleGridKey } from './gridKeys';
import { readTheme } from './gridTheme';
import { HEAD, ROW, RunGrid } from './runGrid';

/** The grid in the page: the canvas, its mirror for readers and keyboard, and the editor over a cell. */
export function GridHost(props: { page: TablePage }): JSX.Element {
  const { trans, execute } = useView();
  const { page } = props;
  const { table, query } = page;
  useModel(query);
  const host = React.useRef<HTMLDivElement>(null);
  const contents = React.useMemo(() => new CellContents(table, trans), [table, trans]);
  const [grid, setGrid] = React.useState<RunGrid | null>(null);
  const [hasFocus, setFocus] = React.useState(false);
  const focus = () =>
    host.current
      ?.querySelector<HTMLElement>('.trackbook-Grid-mirror')
      ?.focus({ preventScroll: true });

  const open = (row: number, place: number) => {
    const entry = table.at(row);
    if (entry?.kind === 'run') {
      execute(CommandIDs.openRun, { project: page.project, run: entry.row.id });
    } else if (entry) {
      table.toggleGroup(row);
    }
    void place;
  };
  const edit = (row: number, place: number): boolean => {
    const entry = table.at(row);
    const drawn = grid?.columns[place];
    const column = drawn && 'column' in drawn ? drawn.column.column : 'name';
    return entry?.kind === 'run' && page.edit(entry.row.id, column);
  };
  const copy = async () => {
    const text = await page.copy('csv');
    if (text !== null) {
      Clipboard.copyToSystem(text);
    }
  };
  const pointed = React.useRef(false);
  const actions = React.useRef({ open, edit });
  React.useEffect(() => {
    actions.current = { open, edit };
  });
  // A layout effect: the canvas is taken away while its place is still in the page, as Lumino demands.
  React.useLayoutEffect(() => {
    const node = host.current;
    if (!node) {
      return;
    }
    const made = new RunGrid({
      page,
      contents,
      theme: readTheme(node),
      onOpen: (row, place) => {
        if (!actions.current.edit(row, place)) {
          actions.current.open(row, place);
        }
      },
      onActivate: focus
    });
    made.painted.connect(() => page.setWatch(pointed.current, made.scrollY < ROW));
    Widget.attach(made, node);
    made.viewport.node.setAttribute('aria-hidden', 'true');
    const size = new ResizeObserver(() =>
      MessageLoop.sendMessage(made, Widget.ResizeMessage.UnknownSize)
    );
    size.observe(node);
    // A theme tells of itself by an attribute of the body, and by style sheets that come a moment later.
    const theme = new MutationObserver(() => {
      requestAnimationFrame(() => made.setTheme(node));
      window.setTimeout(() => !made.isDisposed && made.setTheme(node), 400);
    });
    theme.observe(document.body, {
      attributes: true,
      attributeFilter: ['data-jp-theme-name', 'data-jp-theme-light', 'style']
    });
    setGrid(made);
    return () => {
      size.disconnect();
      theme.disconnect();
      setGrid(null);
      made.dispose();
    };
  }, [page, contents]);
  React.useEffect(() => {
    if (grid) {
      grid.setFocused(hasFocus);
    }
  }, [grid, hasFocus]);
  useTicking(grid, page);

  const watch = (isPointed: boolean) => {
    pointed.current = isPointed;
    page.setWatch(isPointed, grid === null || grid.scrollY < ROW);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (!(event.target as Element).matches('.trackbook-Grid-mirror') || !grid) {
      return;
    }
    const isOwn = handleGridKey(event, grid, page, {
      open,
      edit,
      copy: () => void copy()
    });
    if (isOwn) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
  return (
    <div
      ref={host}
      className={classes('trackbook-Grid', hasFocus && 'trackbook-mod-focused')}
      data-project={page.project}
      onKeyDown={onKeyDown}
      onFocus={event => setFocus((event.target as Element).matches('.trackbook-Grid-mirror'))}
      onBlur={() => setFocus(false)}
      onMouseEnter={() => watch(true)}
      onMouseLeave={() => watch(false)}
      onContextMenuCapture={event => grid && pointAt(grid, page, event)}
    >
      {grid && (
        <>
          <GridMirror
            grid={grid}
            page={page}
            contents={contents}
            label={query.scope.trashed ? trans.__('Runs in the trash') : trans.__('Runs')}
          />
          <CellEditor grid={grid} page={page} onEnd={focus} />
        </>
      )}
    </div>
  );
}

/** What a context menu is opened on: the head of a column, a run or a group; with the keyboard, the cursor's. */
function pointAt(grid: RunGrid, page: TablePage, event: React.MouseEvent<HTMLElement>): void {
  const node = event.currentTarget;
  const hit = grid.hitTest(event.clientX, event.clientY);
  const isKey =
    event.button !== 2 && event.nativeEvent instanceof PointerEvent && event.detail === 0;
  const box = node.getBoundingClientRect();
  const isHead = isKey ? page.cursor.row < 0 : event.clientY - box.top < HEAD;
  const place = isKey
    ? page.cursor.column
    : hit.region === 'void'
      ? -1
      : grid.data.columns.placeOf(hit.region, hit.column);
  const drawn = grid.columns[place];
  page.point(drawn && 'column' in drawn ? drawn.column.column : null);
  if (!isHead && !isKey && hit.region !== 'void') {
    page.go(hit.row, place);
  }
  const entry = isHead ? null : page.table.at(page.cursor.row);
  node.dataset.part = isHead ? 'head' : (entry?.kind ?? 'nothing');
}

/** How often what a clock changes is drawn, in ms. */
const TICK = 1000;

/** Running durations and relative times go on although nothing changes in the store. */
function useTicking(grid: RunGrid | null, page: TablePage): void {
  React.useEffect(() => {
    if (!grid) {
      return;
    }
    let rounds = 0;
    const timer = window.setInterval(() => {
      rounds += 1;
      // What changes each second draws the running durations, too.
      const isDue = performance.now() - grid.repainted > 0.9 * TICK;
      if (isDue && !document.hidden && (rounds % 20 === 0 || page.table.hasRunning)) {
        grid.repaint();
      }
    }, TICK);
    return () => window.clearInterval(timer);
  }, [grid, page]);
}
