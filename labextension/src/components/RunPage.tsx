import * as React from 'react';

import type { IRunDetail } from '../client/types';
import type { ColoursModel } from '../models/colours';
import type { CurveBoard } from '../models/curves';
import type { RunModel } from '../models/run';
import type { PageState } from '../models/pageState';
import { Artifacts } from './Artifacts';
import { Cells } from './Cells';
import { Charts } from './Charts';
import { EnvironmentTab } from './EnvironmentTab';
import { ErrorNote, Loading } from './Notes';
import { Overview } from './Overview';
import { RunHeader } from './RunHeader';
import { Tabs } from './Tabs';
import { useModel, useView } from './view';

export interface IRunPageProps {
  model: RunModel;
  board: CurveBoard;
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
  const tab = state.tab ?? firstTab(detail);
  const keys = new Set(detail.series.map(item => item.key));
  const tabs = [
    { id: 'overview', label: trans.__('Overview') },
    { id: 'charts', label: trans.__('Charts'), count: keys.size },
    { id: 'cells', label: trans.__('Cells'), count: detail.cells.length },
    { id: 'artifacts', label: trans.__('Artifacts'), count: detail.artifacts.length },
    { id: 'environment', label: trans.__('Environment') }
  ];
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
      <div className="trackbook-Page-body" role="tabpanel" tabIndex={-1}>
        <Body {...props} detail={detail} tab={tab} />
      </div>
    </div>
  );
}

function Body(props: IRunPageProps & { detail: IRunDetail; tab: string }): JSX.Element {
  const { model, board, colours, detail, tab } = props;
  const { run } = detail;
  const names = React.useMemo(
    () => new Map([[run.id, `${run.experiment} #${run.number}`]]),
    [run.id, run.experiment, run.number]
  );
  switch (tab) {
    case 'charts': {
      const keys = [...new Set(detail.series.map(item => item.key))];
      return <Charts board={board} keys={keys} names={names} colours={colours} />;
    }
    case 'cells':
      return <Cells model={model} detail={detail} />;
    case 'artifacts':
      return <Artifacts model={model} detail={detail} />;
    case 'environment':
      return <EnvironmentTab detail={detail} />;
    default:
      return <Overview model={model} detail={detail} />;
  }
}

/** A failed run opens at the cell that failed. */
function firstTab(detail: IRunDetail): string {
  const hasFailed =
    detail.run.status === 'failed' && detail.cells.some(cell => cell.status === 'error');
  return hasFailed ? 'cells' : 'overview';
}
