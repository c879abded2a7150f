import * as React from 'react';

import type { IRunDetail } from '../client/types';
import type { ColoursModel } from '../models/colours';
import type { CurveBoard } from '../models/curves';
import type { CurveSheet } from '../models/curveSheet';
import type { PageState } from '../models/pageState';
import { hasFailed } from '../models/failure';
import type { RunModel } from '../models/run';
import { isSystemKey } from '../models/systemMetrics';
import { groupValues } from '../models/values';
import { Artifacts } from './Artifacts';
import { Cells } from './Cells';
import { Charts } from './Charts';
import { EnvironmentTab } from './EnvironmentTab';
import { FailureTab } from './FailureTab';
import { ErrorNote, Loading } from './Notes';
import { Overview } from './Overview';
import { ReproductionTab } from './ReproductionTab';
import { RunHeader } from './RunHeader';
import { System } from './System';
import { TabPanel, Tabs } from './Tabs';
import { Values } from './Values';
import { useModel, useView } from './view';

export interface IRunPageProps {
  model: RunModel;
  /** The curves of what the machine did. */
  board: CurveBoard;
  /** The curves of what the user logged. */
  sheet: CurveSheet;
  colours: ColoursModel;
  /** Which tab is shown. */
  state: PageState;
}

/** A run's page in the main area. */
export function RunPage(props: IRunPageProps): JSX.Element {
  const { trans } = useView();
  const { model, colours, state } = props;
  useModel(model, colours, state);
  const { detail, error } = model;
  if (!detail) {
    return error ? (
      <ErrorNote error={error} onRetry={() => void model.refresh()} />
    ) : (
      <Loading label={trans.__('Loading the run…')} />
    );
  }
  const tabs = [
    ...(hasFailed(detail) ? [{ id: 'failure', label: trans.__('What happened') }] : []),
    { id: 'overview', label: trans.__('Overview') },
    { id: 'charts', label: trans.__('Charts'), count: metricKeys(detail).length },
    { id: 'values', label: trans.__('Values'), count: groupValues(detail.values).length },
    { id: 'cells', label: trans.__('Cells'), count: detail.cells.length },
    { id: 'artifacts', label: trans.__('Artifacts'), count: detail.artifacts.length },
    { id: 'reproduction', label: trans.__('Reproduction') },
    { id: 'environment', label: trans.__('Data & environment'), count: detail.data.length },
    { id: 'system', label: trans.__('System') }
  ];
  // A run that failed opens at the cell that failed; one that was resumed may have no such tab any more.
  const tab = tabs.find(({ id }) => id === state.tab)?.id ?? tabs[0].id;
  return (
    <div className="trackbook-Page">
      {error && <ErrorNote error={error} onRetry={() => void model.refresh()} />}
      <RunHeader model={model} colour={colours.get(model.id)} />
      <Tabs
        label={trans.__('Parts of the run')}
        tabs={tabs}
        current={tab}
        onChange={id => state.setTab(id)}
      />
      <TabPanel tabs={tabs} current={tab}>
        <Body {...props} detail={detail} tab={tab} />
      </TabPanel>
    </div>
  );
}

function Body(props: IRunPageProps & { detail: IRunDetail; tab: string }): JSX.Element {
  const { model, board, sheet, colours, state, detail, tab } = props;
  const { run } = detail;
  const onCell = (order: number) => state.showCell(order);
  switch (tab) {
    case 'failure':
      return <FailureTab model={model} detail={detail} onCell={onCell} />;
    case 'charts':
      return <Charts sheet={sheet} keys={metricKeys(detail)} colours={colours} />;
    case 'values':
      return (
        <Values
          model={model}
          detail={detail}
          colour={colours.get(run.id).variable}
          onCell={onCell}
        />
      );
    case 'cells':
      return <Cells model={model} detail={detail} shown={state.cell} />;
    case 'artifacts':
      return <Artifacts model={model} detail={detail} />;
    case 'reproduction':
      return <ReproductionTab model={model} detail={detail} onCell={onCell} />;
    case 'environment':
      return <EnvironmentTab model={model} detail={detail} onCell={onCell} />;
    case 'system':
      return <System board={board} series={detail.series} colours={colours} />;
    default:
      return <Overview model={model} detail={detail} />;
  }
}

/** The metrics of the work; those of the machine have a tab of their own. */
function metricKeys(detail: IRunDetail): string[] {
  const keys = new Set(detail.series.map(item => item.key));
  return [...keys].filter(key => !isSystemKey(key));
}
