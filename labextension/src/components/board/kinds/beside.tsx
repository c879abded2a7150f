import * as React from 'react';

import type { ILoggedValue, RichKind } from '../../../client/types';
import { CommandIDs } from '../../../commandIds';
import type { LoadSourced, Sourced } from '../../../models/sourced';
import {
  type IRunValues,
  type IValuesBeside,
  loadRunValues,
  MOST_BESIDE,
  namesIn,
  stepsOf,
  valueAt
} from '../../../models/runValues';
import { ValueContent } from '../../ValueContent';
import { useModel, useView } from '../../view';
import { type IChartKind, type IChartProps, textOption } from '../chartKinds';
import { ChartState } from '../ChartState';
import { useReport } from '../report';
import { useRunColours, useSourced } from '../useSourced';

const NO_RUNS: readonly IRunValues[] = [];

/** What runs logged of some kinds: which name, which step, and the value of each run there. */
export interface IBeside {
  sourced: Sourced<IValuesBeside>;
  names: readonly string[];
  name: string;
  steps: readonly number[];
  step: number;
  shown: readonly { run: IRunValues; value: ILoggedValue }[];
  setStep: (step: number) => void;
}

/** Load what runs logged of some kinds, and follow the newest step until the user chooses one. */
export function useBeside(props: IChartProps, kinds: readonly RichKind[]): IBeside {
  const { chart, context, isVisible } = props;
  const { client, project, source } = context;
  const load = React.useCallback<LoadSourced<IValuesBeside>>(
    (target, signal) => loadRunValues(client, project, target, kinds, signal),
    [client, project, kinds]
  );
  const sourced = useSourced(source, load, isVisible);
  const runs = sourced.value?.runs ?? NO_RUNS;
  const ids = React.useMemo(() => runs.map(({ run }) => run.id), [runs]);
  useRunColours(context, ids);
  const [chosen, setStep] = React.useState<number | null>(null);
  const names = React.useMemo(() => namesIn(runs), [runs]);
  const wanted = textOption(chart.options, 'key');
  const name = names.includes(wanted) ? wanted : (names[0] ?? '');
  const steps = React.useMemo(() => stepsOf(runs, name), [runs, name]);
  const last = steps[steps.length - 1] ?? 0;
  const step = chosen !== null && steps.includes(chosen) ? chosen : last;
  const shown = React.useMemo(
    () =>
      runs.flatMap(run => {
        const value = valueAt(run, name, step);
        return value ? [{ run, value }] : [];
      }),
    [runs, name, step]
  );
  return { sourced, names, name, steps, step, shown, setStep };
}

/** Which name and step are shown. */
export function BesideBar(props: IChartProps & { beside: IBeside; children?: React.ReactNode }) {
  const { trans } = useView();
  const { beside, setOptions } = props;
  const { names, name, steps, step, sourced } = beside;
  const place = steps.indexOf(step);
  if (sourced.value && !names.length) {
    return <p className="trackbook-Quiet">{trans.__('None of these runs logged such a value.')}</p>;
  }
  return (
    <div className="trackbook-Board-beside">
      {names.length > 0 && (
        <select
          className="trackbook-Select"
          value={name}
          aria-label={trans.__('Value')}
          onChange={event => setOptions({ key: event.target.value })}
        >
          {names.map(one => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      )}
      {steps.length > 1 && (
        <label>
          {trans.__('Step')}{' '}
          <input
            type="range"
            min={0}
            max={steps.length - 1}
            value={place}
            aria-valuetext={String(step)}
            onChange={event => beside.setStep(steps[Number(event.target.value)])}
          />
          <output>{step}</output>
        </label>
      )}
      {props.children}
      {sourced.value?.isMore && (
        <span className="trackbook-Quiet">{trans.__('the first %1 runs', MOST_BESIDE)}</span>
      )}
    </div>
  );
}

/** The head of a run's value: its colour and name, which open its page. */
export function RunName(props: IChartProps & { run: IRunValues; step?: number }): JSX.Element {
  const { trans, execute } = useView();
  const { context, run, step } = props;
  const { experiment, number, name, id } = run.run;
  const label = `${experiment} #${number}`;
  return (
    <figcaption className="trackbook-Board-runname">
      <span
        className="trackbook-Swatch"
        style={{ backgroundColor: `var(${context.colours.get(id).variable})` }}
        aria-hidden="true"
      />
      <button
        className="trackbook-Link"
        title={name}
        onClick={() => execute(CommandIDs.openRun, { project: context.project, run: id })}
      >
        {label}
      </button>
      {step !== undefined && <span className="trackbook-Quiet">{trans.__('step %1', step)}</span>}
    </figcaption>
  );
}

/** What runs logged under one name, side by side, at one step. */
function Beside(props: IChartProps & { kinds: readonly RichKind[] }): JSX.Element {
  const { trans } = useView();
  const { chart, context, kinds } = props;
  const { colours } = context;
  useModel(colours);
  const beside = useBeside(props, kinds);
  const { sourced, shown, name, step } = beside;
  useReport(props, sourced, trans, () => ({
    summary: trans._n('%1 of %2 run.', '%1 of %2 runs.', shown.length, name || trans.__('values')),
    columns: [trans.__('run'), trans.__('step'), trans.__('kind'), trans.__('bytes')],
    rows: () =>
      shown.map(({ run, value: { value } }) => [
        `${run.run.experiment} #${run.run.number}`,
        value.step,
        value.kind,
        value.size
      ])
  }));
  return (
    <>
      <ChartState sourced={sourced} />
      <BesideBar {...props} beside={beside} />
      <div
        className="trackbook-Board-values"
        style={{ maxHeight: chart.height }}
        tabIndex={0}
        role="group"
        aria-label={name}
      >
        {shown.map(({ run, value: { value } }) => (
          <figure key={run.run.id} className="trackbook-Board-value">
            <RunName {...props} run={run} step={value.step === step ? undefined : value.step} />
            <div className="trackbook-Value-content">
              <ValueContent
                model={run}
                value={value}
                label={`${run.run.experiment} #${run.run.number}, ${name}`}
                colour={colours.get(run.run.id).variable}
              />
            </div>
          </figure>
        ))}
      </div>
    </>
  );
}

const MEDIA: readonly RichKind[] = [
  'image',
  'figure',
  'audio',
  'video',
  'html',
  'text',
  'json',
  'vector',
  'histogram'
];
const TABLES: readonly RichKind[] = ['table'];
const CONFUSION: readonly RichKind[] = ['confusion_matrix'];

function Media(props: IChartProps): JSX.Element {
  return <Beside {...props} kinds={MEDIA} />;
}

function Tables(props: IChartProps): JSX.Element {
  return <Beside {...props} kinds={TABLES} />;
}

function Confusion(props: IChartProps): JSX.Element {
  return <Beside {...props} kinds={CONFUSION} />;
}

function besideKind(
  kind: string,
  component: IChartKind['component'],
  label: IChartKind['label']
): IChartKind {
  return {
    kind,
    label,
    title: (options, trans) => textOption(options, 'key') || label(trans),
    defaults: () => ({ key: '' }),
    fields: () => [],
    width: 2,
    height: 300,
    component
  };
}

export const mediaKind = besideKind('media', Media, trans =>
  trans.__('Images and media, side by side')
);
export const tablesKind = besideKind('tables', Tables, trans => trans.__('Tables, side by side'));
export const confusionKind = besideKind('confusion', Confusion, trans =>
  trans.__('Confusion matrices')
);
