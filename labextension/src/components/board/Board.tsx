import { addIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { IClient } from '../../client/tokens';
import type { ITableColumn } from '../../client/table';
import type { BoardModel } from '../../models/board';
import type { BoardState } from '../../models/boardState';
import type { IChanges } from '../../models/changes';
import type { ColoursModel } from '../../models/colours';
import type { RunQueryModel } from '../../models/runQuery';
import type { SelectionModel } from '../../models/selection';
import { ErrorNote, Loading } from '../Notes';
import { useModel, useView } from '../view';
import { ChartCard, titleOf } from './ChartCard';
import { addOwnKinds } from './kinds';
import { SavedBoards } from './SavedBoards';
import { chartKind, chartKinds, type IBoardContext, type IChartKind } from './chartKinds';

// Not by an import alone: the builder leaves out modules of which nothing is used.
addOwnKinds();

/** The least width of a column of the board, in pixels. */
const TRACK = 320;

export interface IBoardProps {
  project: string;
  client: IClient;
  changes: IChanges;
  query: RunQueryModel;
  selection: SelectionModel;
  colours: ColoursModel;
  boardState: BoardState;
}

/** Charts over the selected runs, or over all that match, in the order and size that one gives them. */
export function Board(props: IBoardProps): JSX.Element {
  const { trans } = useView();
  const { project, client, changes, query, selection, colours, boardState } = props;
  const { board, source, columns } = boardState;
  useModel(board, source, columns);
  const [said, say] = React.useState('');
  const context = React.useMemo(
    (): IBoardContext => ({ project, client, changes, query, selection, colours, source }),
    [project, client, changes, query, selection, colours, source]
  );
  return (
    <section className="trackbook-Board" aria-label={trans.__('Charts')}>
      <Bar boardState={boardState} say={say} />
      {columns.error && !columns.columns && (
        <ErrorNote error={columns.error} onRetry={() => void columns.refresh()} />
      )}
      {!columns.columns && !columns.error && <Loading label={trans.__('Loading…')} />}
      {board.removed && (
        <p className="trackbook-Board-undo" role="status">
          {trans.__(
            '%1 was taken away.',
            titleOf(board.removed, chartKind(board.removed.kind), board.removed.kind, trans)
          )}{' '}
          <button className="trackbook-Link" onClick={() => board.restore()}>
            {trans.__('Undo')}
          </button>
        </p>
      )}
      {board.charts.length > 0 ? (
        <Charts board={board} context={context} columns={columns.columns} say={say} />
      ) : (
        columns.columns && <Empty board={board} columns={columns.columns} />
      )}
      <p className="trackbook-ReadersOnly" aria-live="polite">
        {said}
      </p>
    </section>
  );
}

/** The board's own controls: a new chart, and which runs the charts are over. */
function Bar(props: { boardState: BoardState; say: (text: string) => void }): JSX.Element {
  const { trans } = useView();
  const { board, source, columns } = props.boardState;
  const { selected } = source;
  return (
    <div className="trackbook-Board-bar" role="toolbar" aria-label={trans.__('Board')}>
      <label className="trackbook-Board-add">
        <addIcon.react tag="span" width="14px" aria-hidden="true" />
        <select
          className="trackbook-Select"
          aria-label={trans.__('Add a chart')}
          value=""
          disabled={!columns.columns}
          onChange={event => {
            const kind = chartKind(event.target.value);
            if (kind) {
              const isAdded = addChart(board, kind, columns.columns ?? []);
              props.say(
                isAdded
                  ? trans.__('%1 was added at the end.', kind.label(trans))
                  : trans.__('The board is full.')
              );
            }
          }}
        >
          <option value="" disabled>
            {trans.__('Add a chart')}
          </option>
          {chartKinds().map(kind => (
            <option key={kind.kind} value={kind.kind}>
              {kind.label(trans)}
            </option>
          ))}
        </select>
      </label>
      <SavedBoards views={props.boardState.views} />
      <span className="trackbook-Spacer" />
      {selected > 0 ? (
        <select
          className="trackbook-Select"
          aria-label={trans.__('Which runs are drawn')}
          value={source.isWhole ? 'all' : 'selected'}
          onChange={event => source.setWhole(event.target.value === 'all')}
        >
          <option value="selected">
            {trans._n('%1 selected run', '%1 selected runs', selected)}
          </option>
          <option value="all">{trans.__('All that match')}</option>
        </select>
      ) : (
        <span className="trackbook-Quiet">{trans.__('All that match')}</span>
      )}
    </div>
  );
}

/** Nothing is drawn yet: offer what these runs have to show. */
function Empty(props: { board: BoardModel; columns: readonly ITableColumn[] }): JSX.Element {
  const { trans } = useView();
  const { board, columns } = props;
  const offers = chartKinds().flatMap(kind => {
    const options = (kind.isFirst?.(columns) ?? false) ? kind.defaults(columns) : null;
    return options ? [{ kind, options }] : [];
  });
  const add = ({ kind, options }: (typeof offers)[number]) =>
    board.add({ kind: kind.kind, options, ...sizeOf(kind) });
  if (!offers.length) {
    return (
      <p className="trackbook-Board-empty trackbook-Quiet">
        {trans.__('Charts appear here once runs have metrics: %track metric acc=0.9')}
      </p>
    );
  }
  return (
    <div className="trackbook-Board-empty">
      <p>{trans.__('This board is empty. Begin with:')}</p>
      <ul>
        {offers.map(offer => (
          <li key={offer.kind.kind}>
            <button className="trackbook-Button" onClick={() => add(offer)}>
              {offer.kind.title(offer.options, trans)}
            </button>
          </li>
        ))}
      </ul>
      <button
        className="trackbook-Button trackbook-mod-primary"
        onClick={() => offers.forEach(add)}
      >
        {trans.__('Add them all')}
      </button>
    </div>
  );
}

/** The charts in their grid; which of them is dragged is known here. */
function Charts(props: {
  board: BoardModel;
  context: IBoardContext;
  columns: readonly ITableColumn[] | null;
  say: (text: string) => void;
}): JSX.Element {
  const { board, context, columns, say } = props;
  const grid = React.useRef<HTMLDivElement>(null);
  const tracks = useTracks(grid);
  const [dragged, setDragged] = React.useState<string | null>(null);
  const drag = React.useCallback(
    (id: string, event: React.PointerEvent) => {
      if (event.button === 0) {
        setDragged(id);
        followPointer(board, id, () => setDragged(null));
      }
    },
    [board]
  );
  return (
    <div
      ref={grid}
      className="trackbook-Board-charts"
      style={{ gridTemplateColumns: `repeat(${tracks}, minmax(0, 1fr))` }}
    >
      {board.charts.map(chart => (
        <ChartCard
          key={chart.id}
          chart={chart}
          board={board}
          context={context}
          columns={columns}
          tracks={tracks}
          isDragged={chart.id === dragged}
          onDrag={event => drag(chart.id, event)}
          say={say}
        />
      ))}
    </div>
  );
}

/** Move a chart to wherever the pointer goes, until it is released. */
function followPointer(board: BoardModel, id: string, onEnd: () => void): void {
  let over: string | null = null;
  const onMove = (event: PointerEvent) => {
    const target = document
      .elementFromPoint(event.clientX, event.clientY)
      ?.closest<HTMLElement>('[data-chart]')?.dataset.chart;
    if (!target || target === id) {
      over = null;
    } else if (target !== over) {
      // Once over each: where sizes differ, two charts would change places for ever under a pointer that stands still.
      over = target;
      board.move(
        id,
        board.charts.findIndex(chart => chart.id === target)
      );
    }
  };
  const end = () => {
    window.removeEventListener('pointermove', onMove);
    window.removeEventListener('pointerup', end);
    window.removeEventListener('pointercancel', end);
    onEnd();
  };
  window.addEventListener('pointermove', onMove);
  window.addEventListener('pointerup', end);
  window.addEventListener('pointercancel', end);
}

/** How many columns fit. */
function useTracks(grid: React.RefObject<HTMLElement>): number {
  const [tracks, setTracks] = React.useState(1);
  React.useEffect(() => {
    const element = grid.current;
    if (!element) {
      return;
    }
    const observer = new ResizeObserver(() => {
      setTracks(Math.min(4, Math.max(1, Math.floor(element.clientWidth / TRACK))));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [grid]);
  return tracks;
}

/** Add a chart of a kind with options that make sense; whether there was room for it. */
function addChart(board: BoardModel, kind: IChartKind, columns: readonly ITableColumn[]): boolean {
  const options = kind.defaults(columns) ?? {};
  return board.add({ kind: kind.kind, options, ...sizeOf(kind) }) !== null;
}

function sizeOf({ width, height }: IChartKind): { width?: number; height?: number } {
  return { ...(width ? { width } : {}), ...(height ? { height } : {}) };
}
