import * as React from 'react';

import { numberOf } from '../../../client/board';
import { CommandIDs } from '../../../commandIds';
import { type IBrush, makeParallelAxis, MISSING } from '../../../models/parallelAxis';
import { useTheme, useVisibleWidth } from '../../plotly';
import { useModel, useView } from '../../view';
import { runColours, scaleOf } from '../axes';
import { type IChartKind, type IChartProps, listOption, textOption } from '../chartKinds';
import { ChartState } from '../ChartState';
import { columnOf, frameRows, isNumeric, labelsOf, shortName, textOf } from '../frames';
import { rangeText, useReport } from '../report';
import { firstMetric, isDrawable, isNumberColumn, params } from '../suggest';
import { isDarkTheme } from '../theme';
import { useFrame } from '../useSourced';
import {
  brushedRuns,
  drawParallel,
  layoutOf,
  nearestRun,
  type IParallelLayout,
  shareAt
} from './parallelDrawing';

/** More lines than these are a grey sheet: a sample of them is drawn. */
const MOST_LINES = 5000;
/** How far one press of an arrow moves an end of a brush. */
const STEP = 0.05;

/** A line for each run over some columns; what is brushed on them filters the table and all charts. */
function Parallel(props: IChartProps): JSX.Element {
  const { trans, execute } = useView();
  const { chart, context, columns, isVisible, setOptions } = props;
  const { query, colours, project } = context;
  const { options } = chart;
  const shown = React.useMemo(() => listOption(options, 'columns'), [options]);
  const colour = textOption(options, 'colour');
  const asked = React.useMemo(
    () => [...new Set([...shown, colour].filter(Boolean))],
    [shown, colour]
  );
  const sourced = useFrame(context, asked, isVisible && shown.length > 1, {
    maxRows: MOST_LINES,
    isWide: true
  });
  const frame = sourced.value;
  const version = useModel(query, colours);
  const theme = useTheme();
  const box = React.useRef<HTMLDivElement>(null);
  const canvas = React.useRef<HTMLCanvasElement>(null);
  const width = useVisibleWidth(box);
  const [own, setOwn] = React.useState<{ condition: string; brushes: Map<string, IBrush> }>({
    condition: '',
    brushes: new Map()
  });
  const [pointed, setPointed] = React.useState<number | null>(null);
  // Another chart's brush, or another search, takes the place of this one's.
  const [draft, setDraft] = React.useState<{ column: string; range: IBrush } | null>(null);
  const brushes = React.useMemo(
    () => {
      const kept = query.brushed === own.condition ? own.brushes : new Map<string, IBrush>();
      return draft ? new Map(kept).set(draft.column, draft.range) : kept;
    },
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the version tells of changes within the model
    [query, own, version, draft]
  );
  const axes = React.useMemo(
    () =>
      frame
        ? shown.flatMap(column => {
            const values = columnOf(frame, column);
            const isTime = columns?.find(one => one.column === column)?.type === 'time';
            return values ? [makeParallelAxis(column, values, isTime)] : [];
          })
        : [],
    [frame, shown, columns]
  );
  const count = frame?.ids.length ?? 0;
  const kept = React.useMemo(() => brushedRuns(axes, brushes, count), [axes, brushes, count]);
  const layout = layoutOf(
    width,
    chart.height,
    axes.length,
    axes.some(axis => axis.hasMissing)
  );
  const names = React.useMemo(() => axes.map(({ column }) => shortName(column)), [axes]);
  const onDrawn = useReport(props, sourced, trans, value => ({
    summary: [
      trans._n('%1 run.', '%1 runs.', value.ids.length),
      ...shown.map(column => {
        const values = columnOf(value, column) ?? [];
        return isNumeric(values)
          ? rangeText(
              shortName(column),
              values.map(item => numberOf(item)),
              trans
            )
          : '';
      })
    ].join(' '),
    columns: [trans.__('run'), ...asked],
    rows: () => frameRows(value, asked)
  }));
  React.useEffect(() => {
    const element = canvas.current;
    const pen = element?.getContext('2d');
    if (!element || !pen || !width || !frame) {
      return;
    }
    const style = getComputedStyle(element);
    const read = (name: string) => style.getPropertyValue(name).trim();
    const scale = window.devicePixelRatio || 1;
    element.width = Math.round(layout.width * scale);
    element.height = Math.round(layout.height * scale);
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    const values = colour ? columnOf(frame, colour) : null;
    drawParallel(pen, {
      axes,
      names,
      layout,
      brushes,
      kept,
      pointed,
      read,
      missing: trans.__('missing'),
      colours:
        values && isNumeric(values)
          ? shaded(values.map(value => numberOf(value)))
          : runColours(frame.ids, colours, read)
    });
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the layout follows from width, height and axes
  }, [
    frame,
    axes,
    names,
    brushes,
    kept,
    pointed,
    width,
    chart.height,
    theme,
    version,
    colour,
    trans
  ]);
  React.useEffect(() => {
    const element = canvas.current;
    if (element) {
      onDrawn(() => toPng(element));
    }
    return () => onDrawn(null);
  }, [onDrawn]);
  const brush = (column: string, range: IBrush | null) => {
    const next = new Map(brushes);
    if (range) {
      next.set(column, range);
    } else {
      next.delete(column);
    }
    const conditions = axes.flatMap(axis => {
      const of = next.get(axis.column);
      return of ? [axis.condition(of)] : [];
    });
    const condition = conditions.filter(Boolean).join(' and ');
    setOwn({ condition, brushes: next });
    query.brush(condition);
  };
  if (shown.length < 2) {
    return (
      <p className="trackbook-Quiet">{trans.__('Choose two columns or more in the options.')}</p>
    );
  }
  const labels = frame ? labelsOf(frame) : [];
  const told =
    pointed !== null && frame
      ? [
          labels[pointed],
          ...shown.map(column => {
            const value = columnOf(frame, column)?.[pointed] ?? null;
            return `${shortName(column)} ${textOf(value)}`;
          })
        ].join(' · ')
      : '';
  const isBrushed = brushes.size > 0;
  const within = kept.reduce((sum, one) => sum + one, 0);
  return (
    <>
      <ChartState sourced={sourced} />
      <div ref={box} className="trackbook-Board-parallel" style={{ height: chart.height }}>
        <canvas
          ref={canvas}
          style={{ width: layout.width, height: layout.height }}
          aria-hidden="true"
          onPointerDown={event => startBrush(event, layout, axes, setDraft, brush)}
          onPointerMove={event => {
            const { offsetX, offsetY, buttons } = event.nativeEvent;
            setPointed(buttons ? null : nearestRun(axes, layout, count, offsetX, offsetY, kept));
          }}
          onPointerLeave={() => setPointed(null)}
          onDoubleClick={() => {
            if (pointed !== null && frame) {
              execute(CommandIDs.openRun, { project, run: frame.ids[pointed] });
            }
          }}
        />
        {width > 0 &&
          axes.map((axis, place) => (
            <AxisButton
              key={axis.column}
              name={names[place]}
              range={brushes.get(axis.column) ?? null}
              layout={layout}
              place={place}
              onBrush={range => brush(axis.column, range)}
              onMove={to => {
                const order = shown.filter(column => column !== axis.column);
                order.splice(Math.max(0, Math.min(order.length, to)), 0, axis.column);
                setOptions({ columns: order });
              }}
            />
          ))}
      </div>
      <p className="trackbook-Board-told" role="status">
        {isBrushed
          ? trans.__('%1 of %2 runs within the brush', within, count)
          : trans._n('%1 run', '%1 runs', count)}
        {isBrushed && (
          <button
            className="trackbook-Link"
            onClick={() => {
              setOwn({ condition: '', brushes: new Map() });
              query.brush('');
            }}
          >
            {trans.__('Clear')}
          </button>
        )}
        <span className="trackbook-Quiet" title={told} aria-hidden="true">
          {told}
        </span>
      </p>
    </>
  );
}

/** An axis's name: dragged or with the arrows it moves; up and down brush, for whoever uses no pointer. */
function AxisButton(props: {
  name: string;
  range: IBrush | null;
  layout: IParallelLayout;
  place: number;
  onBrush: (range: IBrush | null) => void;
  onMove: (to: number) => void;
}): JSX.Element {
  const { trans } = useView();
  const { name, range, layout, place, onBrush, onMove } = props;
  const width = Math.min(140, layout.gap || 140);
  const x = layout.left + place * layout.gap;
  const onKeyDown = (event: React.KeyboardEvent) => {
    const now = range ?? { from: MISSING, to: 1 };
    const up = event.key === 'ArrowUp' ? STEP : event.key === 'ArrowDown' ? -STEP : 0;
    const aside = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (aside) {
      onMove(place + aside);
    } else if (up && event.shiftKey) {
      const from = Math.min(now.to, Math.max(MISSING, up > 0 && now.from < 0 ? 0 : now.from + up));
      onBrush({ from: from < 0 ? MISSING : from, to: now.to });
    } else if (up) {
      onBrush({ from: now.from, to: Math.min(1, Math.max(now.from, now.to + up)) });
    } else if (range && ['Delete', 'Backspace', 'Escape'].includes(event.key)) {
      event.stopPropagation();
      onBrush(null);
    } else {
      return;
    }
    event.preventDefault();
  };
  const onPointerDown = (event: React.PointerEvent<HTMLElement>) => {
    const start = event.clientX;
    const end = (up: PointerEvent) => {
      window.removeEventListener('pointerup', end);
      window.removeEventListener('pointercancel', end);
      const moved = Math.round((up.clientX - start) / (layout.gap || 1));
      if (up.type === 'pointerup' && moved) {
        onMove(place + moved);
      }
    };
    window.addEventListener('pointerup', end);
    window.addEventListener('pointercancel', end);
  };
  return (
    <button
      className="trackbook-Board-axis"
      style={{ insetInlineStart: 'auto', left: x - width / 2, width }}
      title={trans.__('%1: drag to reorder; drag on the axis to filter', name)}
      aria-label={trans.__(
        'Axis %1: left and right move it, up and down filter from above, with Shift from below',
        name
      )}
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
    />
  );
}

/** Brush the axis under the pointer until it is released; a click takes the axis's brush away. */
function startBrush(
  event: React.PointerEvent<HTMLCanvasElement>,
  layout: IParallelLayout,
  axes: readonly { column: string }[],
  onDraft: (draft: { column: string; range: IBrush } | null) => void,
  brush: (column: string, range: IBrush | null) => void
): void {
  const { offsetX, offsetY } = event.nativeEvent;
  const place = axes.length > 1 ? Math.round((offsetX - layout.left) / layout.gap) : 0;
  const axis = axes[place];
  if (!axis || event.button !== 0 || Math.abs(offsetX - layout.left - place * layout.gap) > 16) {
    return;
  }
  event.preventDefault();
  const element = event.currentTarget;
  const start = shareAt(layout, offsetY);
  let range: IBrush | null = null;
  element.setPointerCapture(event.pointerId);
  const onMove = (move: PointerEvent) => {
    const now = shareAt(layout, move.offsetY);
    if (range || Math.abs(move.offsetY - offsetY) > 3) {
      range = { from: Math.min(start, now), to: Math.max(start, now) };
      onDraft({ column: axis.column, range });
    }
  };
  const end = () => {
    element.removeEventListener('pointermove', onMove);
    element.removeEventListener('pointerup', end);
    element.removeEventListener('pointercancel', end);
    onDraft(null);
    brush(axis.column, range);
  };
  element.addEventListener('pointermove', onMove);
  element.addEventListener('pointerup', end);
  element.addEventListener('pointercancel', end);
}

/** A colour for each number, in a few steps, so that lines of one step are drawn together. */
function shaded(values: readonly (number | null)[]): string[] {
  const stops = scaleOf(isDarkTheme()).map(([, colour]) => colour);
  const known = values.filter((value): value is number => Number.isFinite(value));
  const low = known.reduce((a, b) => Math.min(a, b), Infinity);
  const span = known.reduce((a, b) => Math.max(a, b), -Infinity) - low || 1;
  return values.map(value => {
    if (value === null || !Number.isFinite(value)) {
      return '#88888880';
    }
    return stops[Math.min(stops.length - 1, Math.floor(((value - low) / span) * stops.length))];
  });
}

/** A picture of the canvas on the ground that it stands on. */
function toPng(canvas: HTMLCanvasElement): Promise<Blob> {
  const copy = document.createElement('canvas');
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const pen = copy.getContext('2d')!;
  pen.fillStyle = getComputedStyle(canvas).getPropertyValue('--jp-layout-color1').trim();
  pen.fillRect(0, 0, copy.width, copy.height);
  pen.drawImage(canvas, 0, 0);
  return new Promise((resolve, reject) =>
    copy.toBlob(blob => (blob ? resolve(blob) : reject(new Error('There is no picture.'))))
  );
}

export const parallelKind: IChartKind = {
  kind: 'parallel',
  label: trans => trans.__('Parallel coordinates'),
  title: (options, trans) => {
    const columns = listOption(options, 'columns').map(shortName);
    const last = columns.pop();
    return last && columns.length
      ? trans.__('%1 to %2', columns.join(', '), last)
      : trans.__('Parallel coordinates');
  },
  defaults: columns => {
    const target = firstMetric(columns);
    const chosen = params(columns).slice(0, 6);
    return target && chosen.length
      ? { columns: [...chosen.map(({ column }) => column), target.column], colour: target.column }
      : null;
  },
  isFirst: () => true,
  width: 2,
  height: 260,
  fields: trans => [
    { name: 'columns', label: trans.__('Axes'), type: 'columns', offers: isDrawable },
    {
      name: 'colour',
      label: trans.__('Colour'),
      type: 'column',
      offers: isNumberColumn,
      isOptional: true
    }
  ],
  component: Parallel,
  code: options => {
    const columns = listOption(options, 'columns');
    return columns.length > 1 ? { columns, colour: options.colour ?? null } : null;
  }
};
