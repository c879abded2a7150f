import * as React from 'react';

import { ApiError } from '../client/errors';
import type { IRichValue } from '../client/types';
import { formatBytes } from '../format';
import {
  ContentError,
  type CurveKind,
  readConfusion,
  readCurves,
  readHistogram,
  readVector
} from '../models/content';
import { readFigure } from '../models/plotlyFigure';
import type { RunModel } from '../models/run';
import { ConfusionMatrix } from './ConfusionMatrix';
import { CurvePlot } from './CurvePlot';
import { useBlob, useLoaded } from './loaded';
import { ErrorNote, Loading } from './Notes';
import { PlotBox } from './PlotBox';
import { PLOTLY_TYPE, PlotlyFigure } from './PlotlyFigure';
import { PreviewTable } from './PreviewTable';
import { sandboxed } from './preview';
import { SourceText } from './SourceText';
import type { ReadVariable } from './traces';
import { histogramPlot, type IDrawing, vectorPlot } from './valueTraces';
import { classes, useView } from './view';

/** The largest content that is loaded to be looked at, in bytes; of text and data, which are drawn by us, less. */
const MEDIA_LIMIT = 100_000_000;
const DATA_LIMIT = 20_000_000;
const TEXT_LIMIT = 1_000_000;

interface IContentProps {
  model: Pick<RunModel, 'value'>;
  value: IRichValue;
  /** What readers call it. */
  label: string;
  /** The CSS variable that holds the run's colour. */
  colour: string;
}

/** What a rich value is: a picture, a sound, a chart … */
export function ValueContent(props: IContentProps): JSX.Element {
  const { trans } = useView();
  const { model, value } = props;
  const { digest, media_type, size, kind } = value;
  const isTooLarge = size > limitOf(value);
  const isInMeta = kind === 'table';
  // A value that comes again with the run's next state, or another step with the same content, is loaded no second time.
  const load = React.useMemo(
    () => (isInMeta || isTooLarge ? null : () => read(model, value)),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- kind, type and digest say what the content is
    [model, kind, media_type, digest, isInMeta, isTooLarge]
  );
  const loaded = useLoaded(load);
  if (isInMeta) {
    return <PreviewTable meta={value.meta} />;
  }
  if (isTooLarge) {
    return (
      <p className="trackbook-Quiet">
        {trans.__('%1 are too many to show here; download it to look at it.', formatBytes(size))}
      </p>
    );
  }
  if (loaded.error) {
    return <ErrorNote error={loaded.error} />;
  }
  if (!loaded.value) {
    return <Loading label={trans.__('Loading…')} />;
  }
  return <Shown {...props} content={loaded.value} />;
}

/** Content with the value that it belongs to. */
interface IContent {
  value: IRichValue;
  blob: Blob;
  text: string;
}

async function read(model: Pick<RunModel, 'value'>, value: IRichValue): Promise<IContent> {
  const blob = await model.value(value);
  return { value, blob, text: isMedia(value.media_type) ? '' : await blob.text() };
}

function Shown(props: IContentProps & { content: IContent }): JSX.Element {
  const { trans } = useView();
  const { content, label, colour } = props;
  const { value, blob, text } = content;
  const { kind, media_type } = value;
  const drawn = React.useMemo(() => {
    try {
      return draw(value, text, colour);
    } catch (error) {
      if (error instanceof ContentError) {
        return error;
      }
      throw error;
    }
  }, [value, text, colour]);
  if (drawn instanceof ContentError) {
    const message = trans.__('This value can’t be drawn. %1', drawn.message);
    return <ErrorNote error={new ApiError('content', message, 0)} />;
  }
  if (drawn) {
    return drawn;
  }
  if (isMedia(media_type)) {
    return <Media blob={blob} type={media_type} label={label} meta={value.meta} />;
  }
  if (media_type.startsWith('text/html')) {
    return <iframe sandbox="" title={label} srcDoc={sandboxed(text)} />;
  }
  return <SourceText>{kind === 'json' ? indented(text) : text}</SourceText>;
}

/** A chart of the content; null for what is no chart. Raises ContentError. */
function draw(value: IRichValue, text: string, colour: string): JSX.Element | null {
  if (value.media_type === PLOTLY_TYPE) {
    return <PlotlyFigure figure={readFigure(text)} />;
  }
  switch (value.kind) {
    case 'confusion_matrix':
      return <ConfusionMatrix matrix={readConfusion(text)} colour={colour} />;
    case 'roc':
    case 'pr':
    case 'calibration': {
      const kind: CurveKind = value.kind;
      return <CurvePlot kind={kind} curves={readCurves(text, kind)} colour={colour} />;
    }
    case 'histogram': {
      const histogram = readHistogram(text);
      return (
        <Numbers colour={colour} plot={drawing => histogramPlot(histogram, drawing)} isCount />
      );
    }
    case 'vector': {
      const numbers = readVector(text);
      return <Numbers colour={colour} plot={drawing => vectorPlot(numbers, drawing)} />;
    }
    default:
      return null;
  }
}

function Numbers(props: {
  colour: string;
  plot: (drawing: IDrawing) => ReturnType<typeof vectorPlot>;
  isCount?: boolean;
}): JSX.Element {
  const { trans } = useView();
  const { colour, plot, isCount } = props;
  const draw = React.useCallback(
    (width: number, read: ReadVariable) => {
      const titles = isCount
        ? { x: trans.__('value'), y: trans.__('count') }
        : { x: trans.__('place'), y: trans.__('value') };
      return plot({ width, read, colour, titles });
    },
    [plot, colour, isCount, trans]
  );
  return <PlotBox draw={draw} className="trackbook-Value-plot" />;
}

function Media(props: {
  blob: Blob;
  type: string;
  label: string;
  meta: IRichValue['meta'];
}): JSX.Element {
  const { blob, type, label, meta } = props;
  if (type.startsWith('image/')) {
    return (
      <Picture blob={blob} label={label} isTiny={isSmall(meta.width) && isSmall(meta.height)} />
    );
  }
  return type.startsWith('audio/') ? (
    <Sound blob={blob} label={label} />
  ) : (
    <Film blob={blob} label={label} />
  );
}

/** A picture; a tiny one (a digit of 8 × 8, say) is shown larger, with its pixels as they are. */
function Picture(props: { blob: Blob; label: string; isTiny: boolean }): JSX.Element {
  const image = useBlob<HTMLImageElement>(props.blob);
  return (
    <img ref={image} alt={props.label} className={classes(props.isTiny && 'trackbook-mod-tiny')} />
  );
}

function Sound(props: { blob: Blob; label: string }): JSX.Element {
  return <audio ref={useBlob<HTMLAudioElement>(props.blob)} controls aria-label={props.label} />;
}

function Film(props: { blob: Blob; label: string }): JSX.Element {
  return <video ref={useBlob<HTMLVideoElement>(props.blob)} controls aria-label={props.label} />;
}

function isSmall(size: unknown): boolean {
  return typeof size === 'number' && size <= 64;
}

function isMedia(type: string): boolean {
  return /^(image|audio|video)\//.test(type);
}

function limitOf({ media_type, kind }: IRichValue): number {
  if (isMedia(media_type)) {
    return MEDIA_LIMIT;
  }
  return kind === 'text' || kind === 'json' || kind === 'html' ? TEXT_LIMIT : DATA_LIMIT;
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
