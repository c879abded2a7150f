import * as React from 'react';

import type { IComparison } from '../client/compare';
import { seriesKey } from '../format';
import type { ColoursModel } from '../models/colours';
import type { CompareModel } from '../models/compare';
import type { CurveSheet } from '../models/curveSheet';
import type { NotebookDifferencesModel } from '../models/notebookDifferences';
import type { PageState } from '../models/pageState';
import { Charts } from './Charts';
import { CodeDifferences } from './CodeDifferences';
import { fieldOf } from './curves/axisTexts';
import { CompareTable } from './CompareTable';
import { NotebookDifferences } from './NotebookDifferences';
import { ErrorNote, Loading } from './Notes';
import { TabPanel, Tabs } from './Tabs';
import { useModel, useView } from './view';

export interface IComparePageProps {
  model: CompareModel;
  notebooks: NotebookDifferencesModel;
  /** The curves of some runs; the same for the same runs. */
  sheetOf(runs: readonly string[]): CurveSheet;
  colours: ColoursModel;
  state: PageState;
}

/** A comparison in the main area: what differs, the curves over each other, the cells side by side. */
export function ComparePage(props: IComparePageProps): JSX.Element {
  const { trans } = useView();
  const { model, notebooks, state } = props;
  useModel(model, state);
  const { comparison, error } = model;
  if (!comparison) {
    return error ? (
      <ErrorNote error={error} onRetry={() => void model.refresh()} />
    ) : (
      <Loading label={trans.__('Comparing…')} />
    );
  }
  const tab = state.tab ?? 'differences';
  const tabs = [
    { id: 'differences', label: trans.__('Differences') },
    { id: 'curves', label: trans.__('Curves') },
    { id: 'cells', label: trans.__('Cells') }
  ];
  return (
    <div className="trackbook-Page">
      {error && <ErrorNote error={error} onRetry={() => void model.refresh()} />}
      <div className="trackbook-Page-bar">
        <Tabs
          label={trans.__('Parts of the comparison')}
          tabs={tabs}
          current={tab}
          onChange={id => state.setTab(id)}
        />
        {tab !== 'curves' && (
          <label className="trackbook-Check">
            <input
              type="checkbox"
              checked={model.all}
              onChange={event => {
                model.showAll(event.target.checked);
                notebooks.showAll(event.target.checked);
              }}
            />{' '}
            {trans.__('Show what is equal, too')}
          </label>
        )}
      </div>
      <TabPanel tabs={tabs} current={tab}>
        <Body {...props} comparison={comparison} tab={tab} />
      </TabPanel>
    </div>
  );
}

function Body(props: IComparePageProps & { comparison: IComparison; tab: string }): JSX.Element {
  const { model, notebooks, sheetOf, colours, comparison, tab } = props;
  switch (tab) {
    case 'curves':
      return (
        <Curves
          sheet={sheetOf(model.runs)}
          colours={colours}
          comparison={comparison}
          keys={model.keys}
        />
      );
    case 'cells':
      return <NotebookDifferences model={notebooks} runs={comparison.runs} />;
    default:
      return (
        <>
          <CompareTable model={model} colours={colours} />
          <CodeDifferences model={notebooks} runs={comparison.runs} />
        </>
      );
  }
}

function Curves(props: {
  sheet: CurveSheet;
  colours: ColoursModel;
  comparison: IComparison;
  keys: readonly string[];
}): JSX.Element {
  const { sheet, colours, comparison } = props;
  const keys = [...new Set(props.keys.map(seriesKey))];
  const groupings = React.useMemo(() => groupingsOf(comparison), [comparison]);
  return <Charts sheet={sheet} keys={keys} groupings={groupings} colours={colours} />;
}

/** The parameters and tags in which some of the runs differ. */
function groupingsOf({ params, tags }: IComparison): { field: string; label: string }[] {
  const differing = (
    rows: readonly { key: string; differs: boolean }[],
    prefix: 'params' | 'tags'
  ) =>
    rows.filter(row => row.differs).map(({ key }) => ({ field: fieldOf(prefix, key), label: key }));
  return [...differing(params, 'params'), ...differing(tags, 'tags')];
}
