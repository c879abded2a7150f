import {
  closeIcon,
  copyIcon,
  downloadIcon,
  imageIcon,
  notebookIcon,
  settingsIcon,
  tableRowsIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';

import type { ITableColumn } from '../../client/table';
import { CommandIDs } from '../../commandIds';
import { LEAST_HEIGHT, type BoardModel, type IChart } from '../../models/board';
import { chartCode } from '../../models/chartCode';
import { toCsv } from '../../models/csv';
import { Boundary } from '../Boundary';
import { Loading } from '../Notes';
import { classes, useView } from '../view';
import { readingKey } from '../direction';
import { DataTable } from './DataTable';
import { save } from './files';
import { chartKind, type IBoardContext, type IChartKind, type IChartReport } from './chartKinds';
import { OptionsForm } from './OptionsForm';

/** How far one press of an arrow changes a chart's height, in pixels. */
const STEP = 40;

interface ICardProps {
  chart: IChart;
  board: BoardModel;
  context: IBoardContext;
  columns: readonly ITableColumn[] | null;
  /** How many columns the board has now. */
  tracks: number;
  isDragged: boolean;
  /** Begin to drag the chart to another place. */
  onDrag: (event: React.PointerEvent) => void;
  /** Say to readers what happened. */
  say: (text: string) => void;
}

/** One chart of a board: its head, the drawing or its data as a table, and its options in place. */
export function ChartCard(props: ICardProps): JSX.Element {
  const { trans } = useView();
  const { chart, board, context, columns, tracks } = props;
  const card = React.useRef<HTMLElement>(null);
  const { isVisible, wasSeen } = useSight(card);
  const [report, setReport] = React.useState<IChartReport | null>(null);
  const [isTable, setTable] = React.useState(false);
  const [isOpen, setOpen] = React.useState(false);
  const summaryId = React.useId();
  const kind = chartKind(chart.kind);
  const title = titleOf(chart, kind, trans.__('Unknown chart'), trans);
  const setOptions = React.useCallback(
    (options: IChart['options']) => board.setOptions(chart.id, options),
    [board, chart.id]
  );
  return (
    <figure
      ref={card}
      className={classes('trackbook-Board-chart', props.isDragged && 'trackbook-mod-dragged')}
      style={{ gridColumn: `span ${Math.min(chart.width, tracks)}` }}
      data-chart={chart.id}
      aria-label={title}
      aria-describedby={report ? summaryId : undefined}
    >
      <figcaption className="trackbook-Board-head">
        <Grip {...props} title={title} />
        <span className="trackbook-Board-title" title={title}>
          {title}
        </span>
        <button
          className={classes('trackbook-IconButton', isTable && 'trackbook-mod-on')}
          aria-pressed={isTable}
          disabled={!report}
          title={trans.__('Show the data as a table')}
          aria-label={trans.__('Show the data of %1 as a table', title)}
          onClick={() => setTable(!isTable)}
        >
          <tableRowsIcon.react tag="span" width="14px" />
        </button>
        <button
          className={classes('trackbook-IconButton', isOpen && 'trackbook-mod-on')}
          aria-expanded={isOpen}
          title={trans.__('Options, files, notebook')}
          aria-label={trans.__('Options of %1', title)}
          onClick={() => setOpen(!isOpen)}
        >
          <settingsIcon.react tag="span" width="14px" />
        </button>
        <button
          className="trackbook-IconButton"
          title={trans.__('Take the chart away')}
          aria-label={trans.__('Take away %1', title)}
          onClick={() => {
            board.remove(chart.id);
            props.say(trans.__('%1 was taken away.', title));
          }}
        >
          <closeIcon.react tag="span" width="14px" />
        </button>
      </figcaption>
      {isOpen && kind && (
        <Options
          {...props}
          kind={kind}
          title={title}
          report={report}
          onClose={() => setOpen(false)}
        />
      )}
      {report && (
        <p id={summaryId} className="trackbook-ReadersOnly">
          {report.summary}
        </p>
      )}
      {isTable && report && (
        <DataTable report={report} label={trans.__('Data of %1', title)} height={chart.height} />
      )}
      <div
        className="trackbook-Board-drawing"
        style={{ minHeight: chart.height }}
        hidden={isTable && report !== null}
      >
        {!kind && (
          <p className="trackbook-Quiet">
            {trans.__('This version knows no chart of the kind “%1”.', chart.kind)}
          </p>
        )}
        {kind && !wasSeen && <Loading label={trans.__('Loading…')} />}
        {kind && wasSeen && (
          <Boundary
            key={chart.kind}
            message={trans.__('This chart could not be drawn.')}
            retry={trans.__('Try again')}
          >
            <kind.component
              chart={chart}
              context={context}
              columns={columns}
              isVisible={isVisible}
              report={setReport}
              setOptions={setOptions}
            />
          </Boundary>
        )}
      </div>
      <Resizer {...props} title={title} />
    </figure>
  );
}

/** What moves a chart: dragged, or with the arrows. */
function Grip(props: ICardProps & { title: string }): JSX.Element {
  const { trans } = useView();
  const { board, chart, title } = props;
  const onKeyDown = (event: React.KeyboardEvent) => {
    const steps: Record<string, number> = {
      ArrowLeft: -1,
      ArrowUp: -1,
      ArrowRight: 1,
      ArrowDown: 1,
      Home: -board.charts.length,
      End: board.charts.length
    };
    const key = readingKey(event);
    if (key in steps) {
      event.preventDefault();
      const button = event.currentTarget as HTMLElement;
      const place = board.charts.findIndex(other => other.id === chart.id);
      board.move(chart.id, place + steps[key]);
      const now = board.charts.findIndex(other => other.id === chart.id) + 1;
      props.say(trans.__('%1 is at place %2 of %3.', title, now, board.charts.length));
      // The element moves in the page, and a browser takes the focus from what moves.
      window.requestAnimationFrame(() => button.focus());
    }
  };
  return (
    <button
      className="trackbook-IconButton trackbook-Board-grip"
      title={trans.__('Drag to move, or use the arrow keys')}
      aria-label={trans.__('Move %1', title)}
      onPointerDown={props.onDrag}
      onKeyDown={onKeyDown}
    >
      <span aria-hidden="true">⠿</span>
    </button>
  );
}

/** What makes a chart larger and smaller: dragged, or with the arrows. */
function Resizer(props: ICardProps & { title: string }): JSX.Element {
  const { trans } = useView();
  const { board, chart, tracks, title } = props;
  const resize = (width: number, height: number) => board.resize(chart.id, width, height);
  const onKeyDown = (event: React.KeyboardEvent) => {
    const { width, height } = chart;
    const sizes: Record<string, [number, number]> = {
      ArrowLeft: [Math.min(width, tracks) - 1, height],
      ArrowRight: [width + 1, height],
      ArrowUp: [width, height - STEP],
      ArrowDown: [width, height + STEP]
    };
    const key = readingKey(event);
    if (key in sizes) {
      event.preventDefault();
      resize(...sizes[key]);
      const now = board.get(chart.id);
      props.say(trans.__('%1: %2 columns wide, %3 pixels high.', title, now?.width, now?.height));
    }
  };
  const onPointerDown = (event: React.PointerEvent<HTMLElement>) => {
    const card = event.currentTarget.closest<HTMLElement>('.trackbook-Board-chart');
    if (!card || event.button !== 0) {
      return;
    }
    event.preventDefault();
    const handle = event.currentTarget;
    const track = card.clientWidth / Math.min(chart.width, tracks);
    const { clientX, clientY } = event;
    const isTurned = getComputedStyle(card).direction === 'rtl';
    handle.setPointerCapture(event.pointerId);
    const onMove = (move: PointerEvent) => {
      const across = (move.clientX - clientX) * (isTurned ? -1 : 1);
      const width = Math.round(Math.min(chart.width, tracks) + across / track);
      resize(
        Math.min(width, tracks),
        Math.max(LEAST_HEIGHT, Math.round((chart.height + move.clientY - clientY) / 10) * 10)
      );
    };
    const onUp = () => {
      handle.removeEventListener('pointermove', onMove);
      handle.removeEventListener('pointerup', onUp);
      handle.removeEventListener('pointercancel', onUp);
    };
    handle.addEventListener('pointermove', onMove);
    handle.addEventListener('pointerup', onUp);
    handle.addEventListener('pointercancel', onUp);
  };
  return (
    <button
      className="trackbook-Board-resizer"
      title={trans.__('Drag to resize, or use the arrow keys')}
      aria-label={trans.__('Resize %1', title)}
      onPointerDown={onPointerDown}
      onKeyDown={onKeyDown}
    />
  );
}

/** The options of a chart, and what can be done with it as a whole. */
function Options(
  props: ICardProps & {
    kind: IChartKind;
    title: string;
    report: IChartReport | null;
    onClose: () => void;
  }
): JSX.Element {
  const { trans, execute } = useView();
  const { chart, board, context, columns, kind, title, report } = props;
  const image = report?.image;
  const code = chartCode(
    chart.kind,
    chart.title,
    kind.code?.(chart.options) ?? null,
    context.source.target
  );
  const download = async (make: () => Blob | Promise<Blob>, ending: string) => {
    save(await make(), `${title}.${ending}`);
  };
  return (
    <div
      className="trackbook-Board-options"
      onKeyDown={event => event.key === 'Escape' && props.onClose()}
    >
      <OptionsForm
        chart={chart}
        title={title}
        fields={kind.fields(trans)}
        columns={columns ?? []}
        onTitle={text => board.rename(chart.id, text)}
        onOptions={options => board.setOptions(chart.id, options)}
      />
      <div className="trackbook-Board-actions" role="group" aria-label={trans.__('Actions')}>
        <Action icon={copyIcon} onClick={() => board.duplicate(chart.id)}>
          {trans.__('Duplicate')}
        </Action>
        <Action
          icon={downloadIcon}
          isDisabled={!report}
          onClick={() =>
            void download(
              () => new Blob([toCsv(report!.columns, report!.rows())], { type: 'text/csv' }),
              'csv'
            )
          }
        >
          {trans.__('CSV')}
        </Action>
        <Action
          icon={imageIcon}
          isDisabled={!image}
          title={image ? undefined : trans.__('This chart is no single picture')}
          onClick={() => image && void download(image, 'png')}
        >
          {trans.__('PNG')}
        </Action>
        <Action
          icon={notebookIcon}
          isDisabled={code === null}
          title={trans.__('Put a cell that draws this chart below the active cell of the notebook')}
          onClick={() => code !== null && execute(CommandIDs.insertChart, { code })}
        >
          {trans.__('Put into notebook')}
        </Action>
      </div>
    </div>
  );
}

function Action(props: {
  icon: typeof copyIcon;
  isDisabled?: boolean;
  title?: string;
  onClick: () => void;
  children: React.ReactNode;
}): JSX.Element {
  return (
    <button
      className="trackbook-Button trackbook-Board-action"
      disabled={props.isDisabled}
      title={props.title}
      onClick={props.onClick}
    >
      <props.icon.react tag="span" width="14px" aria-hidden="true" />
      {props.children}
    </button>
  );
}

/** What a chart is called. */
export function titleOf(
  chart: IChart,
  kind: IChartKind | undefined,
  otherwise: string,
  trans: ReturnType<typeof useView>['trans']
): string {
  return chart.title ?? kind?.title(chart.options, trans) ?? otherwise;
}

/** Whether some of the element is in sight or near it, and whether it has ever been. */
function useSight(element: React.RefObject<HTMLElement>): {
  isVisible: boolean;
  wasSeen: boolean;
} {
  const [sight, setSight] = React.useState({ isVisible: false, wasSeen: false });
  React.useEffect(() => {
    if (!element.current) {
      return;
    }
    const observer = new IntersectionObserver(
      entries => {
        const isVisible = entries[entries.length - 1].isIntersecting;
        setSight(before => ({ isVisible, wasSeen: before.wasSeen || isVisible }));
      },
      { rootMargin: '200px' }
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return sight;
}
