import * as React from 'react';

import type { ColoursModel } from '../models/colours';
import type { CurveSheet } from '../models/curveSheet';
import { CurveChart } from './curves/CurveChart';
import { CurveControls } from './curves/CurveControls';
import { CurveLegend } from './curves/CurveLegend';
import { ownersOf, variantsOf } from './curves/lines';
import { mark } from './curves/marks';
import { useModel, useView } from './view';

/** The curves of some runs: a chart for each metric, all with the same axes. */
export function Charts(props: {
  sheet: CurveSheet;
  keys: readonly string[];
  /** The fields by which the runs can be grouped, and what they are called. */
  groupings?: readonly { field: string; label: string }[];
  colours: ColoursModel;
}): JSX.Element {
  const { trans } = useView();
  const { sheet, keys, groupings = [], colours } = props;
  const { options } = sheet;
  useModel(sheet, options, colours);
  React.useEffect(() => mark('curves-opened'), []);
  if (!keys.length) {
    return <p className="trackbook-Quiet">{trans.__('No metric was logged.')}</p>;
  }
  const views = sheet.views.filter(view => view.groupBy === options.settings.groupBy);
  const owners = new Map(
    views.flatMap(view => ownersOf(view, colours, trans)).map(owner => [owner.owner, owner])
  );
  const hasContexts = views.some(view => variantsOf(view.page.curves).length > 1);
  return (
    <div className="trackbook-Charts">
      <CurveControls
        options={options}
        keys={keys}
        groupings={groupings}
        hasContexts={hasContexts}
      />
      {owners.size > 1 && <CurveLegend owners={[...owners.values()]} options={options} />}
      <div className="trackbook-Charts-grid">
        {keys.map(key => (
          <CurveChart
            key={key}
            label={key}
            model={sheet.get(key)}
            options={options}
            colours={colours}
          />
        ))}
      </div>
    </div>
  );
}
