import * as React from 'react';

import { formatExact, formatNumber } from '../format';
import type { CurveKind, ICurve } from '../models/content';
import { PlotBox } from './PlotBox';
import { dashSign, type ReadVariable } from './traces';
import { curvePlot } from './valueTraces';
import { useView } from './view';

/** ROC, precision and recall, or calibration: a line for each class, and a list of the classes that picks one out. */
export function CurvePlot(props: {
  kind: CurveKind;
  curves: readonly ICurve[];
  colour: string;
}): JSX.Element {
  const { trans } = useView();
  const { kind, curves, colour } = props;
  const [chosen, setChosen] = React.useState<number | null>(null);
  const titles = React.useMemo(
    () => ({
      roc: { x: trans.__('false positive rate'), y: trans.__('true positive rate') },
      pr: { x: trans.__('recall'), y: trans.__('precision') },
      calibration: { x: trans.__('predicted'), y: trans.__('observed') }
    }),
    [trans]
  );
  const draw = React.useCallback(
    (width: number, read: ReadVariable) =>
      curvePlot(curves, kind, chosen, { width, read, colour, titles: titles[kind] }),
    [curves, kind, chosen, colour, titles]
  );
  const scoreName = kind === 'roc' ? trans.__('AUC') : trans.__('average precision');
  return (
    <>
      <PlotBox draw={draw} className="trackbook-Value-plot" />
      <ul className="trackbook-Value-curves" aria-label={trans.__('Curves')}>
        {curves.map((curve, place) => (
          <li key={place}>
            <button
              className="trackbook-Value-curve"
              aria-pressed={chosen === place}
              title={trans.__('Make this curve stand out')}
              onClick={() => setChosen(chosen === place ? null : place)}
            >
              <span aria-hidden="true">{dashSign(place)}</span> {curve.label}
              {curve.score !== null && (
                <span className="trackbook-Quiet" title={formatExact(curve.score)}>
                  {' '}
                  {scoreName} {formatNumber(curve.score)}
                </span>
              )}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
