import { tableRowsIcon, undoIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { ICurve } from '../../client/curves';
import { formatExact, formatNumber, seriesName } from '../../format';
import type { ColoursModel } from '../../models/colours';
import type { CurveChartModel, ICurveView } from '../../models/curveChart';
import type { CurveOptions } from '../../models/curveOptions';
import { toCsv } from '../../models/csv';
import { save } from '../board/files';
import { dashSign } from '../traces';
import { classes, useModel, useView } from '../view';
import { CurveCanvas, type IPictures } from './CurveCanvas';
import { type ILine, makeLines, variantsOf } from './lines';
import { mark } from './marks';
import { curveRows, CURVE_COLUMNS } from './report';

export interface ICurveChartProps {
  /** What the chart is called. */
  label: string;
  model: CurveChartModel;
  options: CurveOptions;
  colours: ColoursModel;
  height?: number;
}

/** The curves of one or several metrics, with what makes files of them and a table in their place. */
export function CurveChart(props: ICurveChartProps): JSX.Element {
  const { trans } = useView();
  const { label, model } = props;
  const [isTable, setTable] = React.useState(false);
  const pictures = React.useRef<IPictures | null>(null);
  const drawing = useCurves(props);
  const { lines, facets } = drawing;
  const variants = variantsOf(model.overview?.page.curves ?? []);
  const isPicture = lines.length > 0 && facets.length === 1;
  const picture = async (kind: 'png' | 'svg') => {
    if (pictures.current) {
      save(await pictures.current[kind](), `${label}.${kind}`);
    }
  };
  const csv = () => {
    const text = toCsv(CURVE_COLUMNS, curveRows(lines));
    save(new Blob([text], { type: 'text/csv' }), `${label}.csv`);
  };
  return (
    <figure className="trackbook-Chart trackbook-Curves" aria-label={label}>
      <figcaption title={trans.__('Drag to zoom, double-click to see all')}>
        <span className="trackbook-Curves-title">
          {label}
          {variants.length > 1 && (
            <span className="trackbook-Quiet">
              {' '}
              {variants.map((text, place) => `${dashSign(place)} ${text || '·'}`).join('  ')}
            </span>
          )}
        </span>
        <span className="trackbook-Curves-tools">
          {model.window && (
            <Tool
              icon={undoIcon}
              label={trans.__('Show all of %1', label)}
              title={trans.__('Show all')}
              onClick={() => model.reset()}
            />
          )}
          <Tool
            icon={tableRowsIcon}
            label={trans.__('Show %1 as a table', label)}
            title={trans.__('Show as a table')}
            isOn={isTable}
            onClick={() => setTable(!isTable)}
          />
          {isPicture && (
            <Tool
              text="PNG"
              label={trans.__('Save %1 as PNG', label)}
              title={trans.__('Save as PNG; with Shift as SVG')}
              onClick={event => void picture(event.shiftKey ? 'svg' : 'png')}
            />
          )}
          <Tool
            text="CSV"
            label={trans.__('Save %1 as CSV', label)}
            title={trans.__('Save as CSV')}
            isDisabled={!lines.length}
            onClick={csv}
          />
        </span>
      </figcaption>
      {isTable && <CurveTable label={label} lines={lines} />}
      <div hidden={isTable}>
        <CurveDrawing
          {...props}
          drawing={drawing}
          onPictures={made => {
            pictures.current = made;
          }}
        />
      </div>
      <CurveNotes model={model} />
    </figure>
  );
}

/** The lines of a chart, and the contexts that have a place of their own each. */
export interface ICurveDrawing {
  view: ICurveView | null;
  /** What can be seen. */
  lines: readonly ILine[];
  facets: readonly { label: string; lines: readonly ILine[] }[];
}

/** Make the lines of a chart, anew when its curves, their colours or the options change. */
export function useCurves(props: Omit<ICurveChartProps, 'label' | 'height'>): ICurveDrawing {
  const { trans } = useView();
  const { model, options, colours } = props;
  const version = useModel(model, options, colours);
  const { view, overview } = model;
  React.useEffect(() => {
    colours.assign(overview?.page.runs.map(run => run.id) ?? []);
  }, [colours, overview]);
  return React.useMemo(() => {
    if (!view || !overview) {
      return { view, lines: [], facets: [{ label: '', lines: [] }] };
    }
    const { settings } = options;
    const all = makeLines(view, overview, settings, colours, trans);
    const lines = all.filter(line => !options.isHidden(line.owner));
    const contexts = variantsOf(view.page.curves);
    const facets =
      settings.hasFacets && contexts.length > 1
        ? contexts.map(label => ({
            label,
            lines: lines.filter(line => variantsOf([line.curve])[0] === label)
          }))
        : [{ label: '', lines }];
    return { view, lines, facets };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the version tells of changes within the models
  }, [view, overview, version, trans]);
}

/** The canvases of a chart: one, or one for each context. */
export function CurveDrawing(
  props: ICurveChartProps & {
    drawing: ICurveDrawing;
    onPictures: (pictures: IPictures) => void;
  }
): JSX.Element {
  const { label, model, options, drawing, height = 220 } = props;
  const { settings } = options;
  const onPictures = useLatest(props.onPictures);
  const { view } = model;
  const isDetail = model.detail !== null;
  const onDrawn = React.useCallback(
    (ms: number) => {
      model.drawn(ms);
      if (view) {
        mark(isDetail ? 'curves-zoomed' : 'curves-painted');
      }
    },
    [model, view, isDetail]
  );
  const onWidth = React.useCallback((width: number) => model.setWidth(width), [model]);
  const isLog = { x: view?.isLogX ?? settings.isLogX, y: settings.isLogY };
  return (
    <>
      {drawing.facets.map((facet, place) => (
        <React.Fragment key={facet.label}>
          {facet.label && <div className="trackbook-Quiet">{facet.label}</div>}
          <CurveCanvas
            label={[label, facet.label].filter(Boolean).join(', ')}
            lines={facet.lines}
            x={view?.x ?? settings.x}
            isLog={isLog}
            height={height}
            window={model.window}
            onZoom={(window, isMoving) => (window ? model.zoom(window, isMoving) : model.reset())}
            onWidth={place === 0 ? onWidth : nothing}
            onDrawn={onDrawn}
            onPictures={onPictures}
          />
        </React.Fragment>
      ))}
    </>
  );
}

/** What there is to say beside the curves: an error, or that not all of the runs are drawn. */
export function CurveNotes({ model }: { model: CurveChartModel }): JSX.Element {
  const { trans } = useView();
  const { error, overview } = model;
  const left = overview ? overview.page.total - overview.page.runs.length : 0;
  return (
    <>
      {left > 0 && (
        <p className="trackbook-Quiet">
          {trans.__('The first %1 of %2 runs.', overview!.page.runs.length, overview!.page.total)}
        </p>
      )}
      {error && (
        <p className="trackbook-FieldError" role="alert">
          {error.message}{' '}
          <button className="trackbook-Link" onClick={() => model.refresh()}>
            {trans.__('Try again')}
          </button>
        </p>
      )}
    </>
  );
}

/** The curves in numbers. */
function CurveTable(props: { label: string; lines: readonly ILine[] }): JSX.Element {
  const { trans } = useView();
  return (
    <div className="trackbook-Curves-table" tabIndex={0}>
      <table aria-label={trans.__('Curves of %1', props.label)}>
        <thead>
          <tr>
            <th scope="col">{trans.__('Curve')}</th>
            <th scope="col">{trans.__('Points')}</th>
            <th scope="col">{trans.__('First')}</th>
            <th scope="col">{trans.__('Last')}</th>
            <th scope="col">{trans.__('Lowest')}</th>
            <th scope="col">{trans.__('Highest')}</th>
          </tr>
        </thead>
        <tbody>
          {props.lines.map(line => (
            <tr key={line.name}>
              <th scope="row">{line.label || seriesName(line.curve.key, line.curve.context)}</th>
              <td>{line.curve.total.toLocaleString()}</td>
              {figures(line.curve).map((value, place) => (
                <td key={place} title={value === null ? undefined : formatExact(value)}>
                  {value === null ? '–' : formatNumber(value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The first, last, lowest and highest value of a curve. */
export function figures(curve: ICurve): (number | null)[] {
  const known = curve.values.filter(Number.isFinite);
  const low = (curve.min ?? curve.values).filter(Number.isFinite);
  const high = (curve.max ?? curve.values).filter(Number.isFinite);
  if (!known.length) {
    return [null, null, null, null];
  }
  return [
    known[0],
    known[known.length - 1],
    low.reduce((least, value) => Math.min(least, value)),
    high.reduce((most, value) => Math.max(most, value))
  ];
}

function Tool(props: {
  icon?: typeof undoIcon;
  text?: string;
  label: string;
  title: string;
  isOn?: boolean;
  isDisabled?: boolean;
  onClick: (event: React.MouseEvent) => void;
}): JSX.Element {
  return (
    <button
      className={classes('trackbook-IconButton', props.isOn && 'trackbook-mod-on')}
      aria-pressed={props.isOn}
      aria-label={props.label}
      title={props.title}
      disabled={props.isDisabled}
      onClick={props.onClick}
    >
      {props.icon ? <props.icon.react tag="span" width="14px" /> : props.text}
    </button>
  );
}

/** A function that stays the same, and calls the latest one. */
function useLatest<T>(call: (value: T) => void): (value: T) => void {
  const latest = React.useRef(call);
  React.useEffect(() => {
    latest.current = call;
  });
  return React.useCallback((value: T) => latest.current(value), []);
}

function nothing(): void {
  // A chart of several canvases is as wide as its first.
}
