import * as React from 'react';

import type { RichKind } from '../../../client/types';
import { formatNumber } from '../../../format';
import { type CurveKind, type ICurve, readCurves } from '../../../models/content';
import type { IPlot } from '../../PlotBox';
import { ErrorNote, Loading } from '../../Notes';
import { useLoaded } from '../../loaded';
import type { ReadVariable } from '../../traces';
import { curvePlot } from '../../valueTraces';
import { classes, useModel, useView } from '../../view';
import { type IChartKind, type IChartProps, textOption } from '../chartKinds';
import { ChartState } from '../ChartState';
import { Plot } from '../Plot';
import { useReport } from '../report';
import { BesideBar, RunName, useBeside } from './beside';

/** The curves of one run, with the CSS variable of its colour. */
export interface IRunCurves {
  id: string;
  label: string;
  colour: string;
  curves: readonly ICurve[];
}

/** Curves of several runs over each other: the colour tells the run, the line the class. */
export function overlayPlot(
  runs: readonly IRunCurves[],
  kind: CurveKind,
  only: string,
  drawing: { width: number; height: number; read: ReadVariable; titles: { x: string; y: string } }
): IPlot {
  const plots = runs.map(({ label, colour, curves }) => {
    const shown = only ? curves.filter(curve => curve.label === only) : curves;
    const named = shown.map(curve => ({
      ...curve,
      label: [label, curve.label].filter(Boolean).join(' ')
    }));
    return curvePlot(named, kind, null, { ...drawing, colour });
  });
  // The diagonal is the first trace of each where there is one; once is enough.
  const [first, ...others] = plots;
  const skipped = kind === 'pr' ? 0 : 1;
  return {
    data: [...(first?.data ?? []), ...others.flatMap(({ data }) => data.slice(skipped))],
    layout: { ...first?.layout, height: drawing.height }
  };
}

function Classifier(props: IChartProps & { kind: CurveKind; kinds: readonly RichKind[] }) {
  const { trans } = useView();
  const { chart, context, kind, kinds, setOptions } = props;
  const { client, project, colours } = context;
  const version = useModel(colours);
  const beside = useBeside(props, kinds);
  const { sourced, shown } = beside;
  const key = shown.map(({ run, value }) => `${run.run.id} ${value.value.digest}`).join();
  const load = React.useMemo(
    () =>
      shown.length
        ? () =>
            Promise.all(
              shown.map(async ({ run: { run }, value: { value } }) => {
                const blob = await client.value(project, run.id, value);
                return {
                  id: run.id,
                  label: `${run.experiment} #${run.number}`,
                  curves: readCurves(await blob.text(), kind)
                };
              })
            )
        : null,
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the digests say what the contents are
    [client, project, kind, key]
  );
  const loaded = useLoaded(load);
  const runs = React.useMemo(
    () => (loaded.value ?? []).map(run => ({ ...run, colour: colours.get(run.id).variable })),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the version tells of changes within the model
    [loaded.value, colours, version]
  );
  const labels = [...new Set(runs.flatMap(({ curves }) => curves.map(({ label }) => label)))];
  const wanted = textOption(chart.options, 'class');
  const only = labels.includes(wanted) ? wanted : '';
  const titles = React.useMemo(
    () =>
      ({
        roc: { x: trans.__('false positive rate'), y: trans.__('true positive rate') },
        pr: { x: trans.__('recall'), y: trans.__('precision') },
        calibration: { x: trans.__('predicted'), y: trans.__('observed') }
      })[kind],
    [trans, kind]
  );
  const draw = React.useCallback(
    (width: number, read: ReadVariable) =>
      runs.length
        ? overlayPlot(runs, kind, only, { width, height: chart.height, read, titles })
        : null,
    [runs, kind, only, chart.height, titles]
  );
  const scores = runs.map(run => ({
    run,
    scores: run.curves
      .filter(curve => (!only || curve.label === only) && curve.score !== null)
      .map(curve => ({ label: curve.label, score: curve.score! }))
  }));
  const scoreName = kind === 'roc' ? trans.__('AUC') : trans.__('average precision');
  const onDrawn = useReport(props, loaded, trans, () => ({
    summary: scores
      .map(({ run, scores: found }) =>
        [run.label, ...found.map(({ label, score }) => `${label} ${formatNumber(score)}`)].join(' ')
      )
      .join('. '),
    columns: [trans.__('run'), trans.__('class'), titles.x, titles.y],
    rows: () =>
      runs.flatMap(({ label, curves }) =>
        curves.flatMap(curve => curve.x.map((x, i) => [label, curve.label, x, curve.y[i]]))
      )
  }));
  return (
    <>
      <ChartState sourced={sourced} />
      <BesideBar {...props} beside={beside}>
        {labels.length > 1 && (
          <select
            className="trackbook-Select"
            value={only}
            aria-label={trans.__('Class')}
            onChange={event => setOptions({ class: event.target.value })}
          >
            <option value="">{trans.__('all classes')}</option>
            {labels.map(label => (
              <option key={label} value={label}>
                {label}
              </option>
            ))}
          </select>
        )}
      </BesideBar>
      {loaded.error && <ErrorNote error={loaded.error} />}
      {shown.length > 0 && !loaded.value && !loaded.error && (
        <Loading label={trans.__('Loading…')} />
      )}
      <Plot draw={draw} height={chart.height} onDrawn={onDrawn} />
      <ul className="trackbook-Board-scores" aria-label={scoreName}>
        {shown.map(({ run }) => {
          const found = scores.find(one => one.run.id === run.run.id)?.scores ?? [];
          return (
            <li key={run.run.id} className={classes(!found.length && 'trackbook-Quiet')}>
              <RunName {...props} run={run} />
              {found.length > 0 && (
                <span title={found.map(({ label, score }) => `${label} ${score}`).join('\n')}>
                  {scoreName} {formatNumber(mean(found.map(({ score }) => score)))}
                </span>
              )}
            </li>
          );
        })}
      </ul>
    </>
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

const ROC: readonly RichKind[] = ['roc'];
const PR: readonly RichKind[] = ['pr'];
const CALIBRATION: readonly RichKind[] = ['calibration'];

function Roc(props: IChartProps): JSX.Element {
  return <Classifier {...props} kind="roc" kinds={ROC} />;
}

function PrecisionRecall(props: IChartProps): JSX.Element {
  return <Classifier {...props} kind="pr" kinds={PR} />;
}

function Calibration(props: IChartProps): JSX.Element {
  return <Classifier {...props} kind="calibration" kinds={CALIBRATION} />;
}

function classifierKind(
  kind: CurveKind,
  component: IChartKind['component'],
  label: IChartKind['label']
): IChartKind {
  return {
    kind,
    label,
    title: (options, trans) => textOption(options, 'key') || label(trans),
    defaults: () => ({ key: '', class: '' }),
    fields: () => [],
    component
  };
}

export const rocKind = classifierKind('roc', Roc, trans => trans.__('ROC curves'));
export const prKind = classifierKind('pr', PrecisionRecall, trans =>
  trans.__('Precision and recall')
);
export const calibrationKind = classifierKind('calibration', Calibration, trans =>
  trans.__('Calibration')
);
