import * as React from 'react';

import type { ICellExecution, IRunDetail, RichKind } from '../client/types';
import { formatBytes, formatMoment } from '../format';
import { executionAt } from '../models/executionAt';
import type { RunModel } from '../models/run';
import { groupValues, type IValueSeries } from '../models/values';
import { CellLink } from './CellLink';
import { useSeen } from './seen';
import { ValueContent } from './ValueContent';
import { useModel, useView } from './view';

/** From so many on, there is a field that filters them by name. */
const MANY = 9;

/** What a run logged that is no single number: one card a key, with a slider over its steps. */
export function Values(props: {
  model: RunModel;
  detail: IRunDetail;
  /** The CSS variable that holds the run's colour. */
  colour: string;
  onCell: (order: number) => void;
}): JSX.Element {
  const { trans } = useView();
  const { model, detail } = props;
  useModel(model);
  const [text, setText] = React.useState('');
  const { values } = detail;
  const all = React.useMemo(() => groupValues(values), [values]);
  const word = text.trim().toLowerCase();
  const groups = all.filter(({ name }) => name.toLowerCase().includes(word));
  if (!all.length) {
    return (
      <p className="trackbook-Quiet">
        {trans.__('No images, tables or curves were logged: run.log({"sample": image})')}
      </p>
    );
  }
  return (
    <div className="trackbook-Values">
      {all.length >= MANY && (
        <input
          className="trackbook-Input"
          type="search"
          value={text}
          placeholder={trans.__('Filter %1 values', all.length)}
          aria-label={trans.__('Filter values')}
          onChange={event => setText(event.target.value)}
        />
      )}
      {!groups.length && <p className="trackbook-Quiet">{trans.__('No value has this name.')}</p>}
      <div className="trackbook-Values-grid">
        {groups.map(series => (
          <ValueCard key={series.name} {...props} series={series} cells={detail.cells} />
        ))}
      </div>
    </div>
  );
}

function ValueCard(props: {
  model: RunModel;
  series: IValueSeries;
  cells: readonly ICellExecution[];
  colour: string;
  onCell: (order: number) => void;
}): JSX.Element {
  const { trans } = useView();
  const { model, series, cells, colour, onCell } = props;
  const { name, values } = series;
  const card = React.useRef<HTMLElement>(null);
  const isSeen = useSeen(card);
  // Until somebody moves the slider, it follows the newest value of a run that goes on.
  const [chosen, setChosen] = React.useState<number | null>(null);
  const found = values.findIndex(item => item.value.step === chosen);
  const place = found < 0 ? values.length - 1 : found;
  const { value, at, cell_id } = values[place];
  const label = values.length > 1 ? trans.__('%1, step %2', name, value.step) : name;
  const execution = executionAt(cells, cell_id, at);
  return (
    <figure ref={card} className="trackbook-Value" aria-label={name}>
      <figcaption>
        <span className="trackbook-Value-name" title={name}>
          {name}
        </span>
        <span className="trackbook-Quiet">{kindWord(value.kind, trans)}</span>
        <span className="trackbook-Spacer" />
        {execution && <CellLink cell={execution} onCell={onCell} />}
        <a
          className="trackbook-Link"
          href={model.valueUrl(value)}
          download={fileName(name, value.step, value.media_type)}
          title={`${value.media_type} · ${formatBytes(value.size)} · ${formatMoment(at)}`}
          aria-label={trans.__('Download %1', label)}
        >
          {trans.__('Download')}
        </a>
      </figcaption>
      {values.length > 1 && (
        <label className="trackbook-Value-steps">
          {trans.__('Step')}{' '}
          <input
            type="range"
            min={0}
            max={values.length - 1}
            value={place}
            aria-valuetext={String(value.step)}
            onChange={event => setChosen(values[Number(event.target.value)].value.step)}
          />
          <output>{value.step}</output>
        </label>
      )}
      <div className="trackbook-Value-content">
        {isSeen && <ValueContent model={model} value={value} label={label} colour={colour} />}
      </div>
    </figure>
  );
}

function kindWord(kind: RichKind, trans: ReturnType<typeof useView>['trans']): string {
  const words: Readonly<Record<RichKind, string>> = {
    vector: trans.__('vector'),
    histogram: trans.__('histogram'),
    image: trans.__('image'),
    figure: trans.__('figure'),
    audio: trans.__('audio'),
    video: trans.__('video'),
    html: trans.__('HTML'),
    table: trans.__('table'),
    text: trans.__('text'),
    json: trans.__('JSON'),
    confusion_matrix: trans.__('confusion matrix'),
    roc: trans.__('ROC curve'),
    pr: trans.__('precision and recall'),
    calibration: trans.__('calibration')
  };
  return words[kind] ?? kind;
}

/** The ending of a downloaded file, by media type; without one, the server's name would be as good. */
const ENDINGS: Readonly<Record<string, string>> = {
  'application/json': 'json',
  'application/vnd.apache.parquet': 'parquet',
  'application/vnd.plotly.v1+json': 'json',
  'audio/mpeg': 'mp3',
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'image/jpeg': 'jpg',
  'image/svg+xml': 'svg',
  'text/plain': 'txt'
};

function fileName(name: string, step: number, type: string): string {
  const [plain] = type.split(';');
  const ending = ENDINGS[plain] ?? plain.split('/').pop() ?? 'bin';
  const plainName = name.replace(/[^\p{L}\p{N}._=-]+/gu, '-').replace(/-$/, '');
  return `${plainName}-${step}.${ending}`;
}
