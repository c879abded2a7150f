import * as React from 'react';

import type { ISweepDetail } from '../client/sweeps';
import { CommandIDs } from '../commandIds';
import type { ColoursModel } from '../models/colours';
import type { PageState } from '../models/pageState';
import type { SweepModel } from '../models/sweep';
import { BestCurve } from './BestCurve';
import { Importance } from './Importance';
import { ErrorNote, Loading } from './Notes';
import { SweepCharts } from './SweepCharts';
import { SweepHeader } from './SweepHeader';
import { TabPanel, Tabs } from './Tabs';
import { TrialTable } from './TrialTable';
import { useModel, useView } from './view';

export interface ISweepPageProps {
  model: SweepModel;
  colours: ColoursModel;
  state: PageState;
}

/** A sweep's page in the main area: its trials as they come, and what they tell. */
export function SweepPage(props: ISweepPageProps): JSX.Element {
  const { trans } = useView();
  const { model, state } = props;
  useModel(model, state);
  const { sweep, error } = model;
  if (!sweep) {
    return error ? (
      <ErrorNote error={error} onRetry={() => void model.refresh()} />
    ) : (
      <Loading label={trans.__('Loading the sweep…')} />
    );
  }
  const tabs = [
    { id: 'trials', label: trans.__('Trials'), count: sweep.runs.length },
    { id: 'charts', label: trans.__('Charts') }
  ];
  const tab = state.tab === 'charts' ? 'charts' : 'trials';
  return (
    <div className="trackbook-Page trackbook-SweepPage">
      {error && <ErrorNote error={error} onRetry={() => void model.refresh()} />}
      <SweepHeader sweep={sweep} project={model.project} />
      <Tabs
        label={trans.__('Parts of the sweep')}
        tabs={tabs}
        current={tab}
        onChange={id => state.setTab(id)}
      />
      {tab === 'charts' ? (
        <TabPanel tabs={tabs} current={tab}>
          <SweepCharts sweep={sweep} project={model.project} />
        </TabPanel>
      ) : (
        <Trials {...props} sweep={sweep} />
      )}
    </div>
  );
}

function Trials(props: ISweepPageProps & { sweep: ISweepDetail }): JSX.Element {
  const { trans } = useView();
  const { model, sweep } = props;
  return (
    <div className="trackbook-SweepPage-trials" role="tabpanel" tabIndex={-1}>
      <div className="trackbook-SweepPage-strip">
        {sweep.objectives.slice(0, 2).map((objective, place) => (
          <BestCurve key={objective.metric} sweep={sweep} objective={place} />
        ))}
        <Importance sweep={sweep} />
      </div>
      {sweep.runs.length ? (
        <TrialTable {...props} sweep={sweep} />
      ) : (
        <p className="trackbook-Quiet trackbook-SweepPage-none">
          {trans.__('No trial has been started yet.')}
        </p>
      )}
      <SelectionBar model={model} />
    </div>
  );
}

/** What can be done with the trials that are selected. */
function SelectionBar({ model }: { model: SweepModel }): JSX.Element | null {
  const { trans, execute } = useView();
  const { selection, project } = model;
  useModel(selection);
  if (!selection.size) {
    return null;
  }
  const runs = [...selection.ids];
  return (
    <div className="trackbook-SelectionBar" role="toolbar" aria-label={trans.__('Selected trials')}>
      <span>{trans._n('%1 selected', '%1 selected', runs.length)}</span>
      <button
        className="trackbook-Button trackbook-mod-primary"
        disabled={runs.length < 2}
        title={runs.length < 2 ? trans.__('Select two trials or more to compare them') : undefined}
        onClick={() => execute(CommandIDs.compareRuns, { project, runs })}
      >
        {trans.__('Compare')}
      </button>
      <button className="trackbook-Button" onClick={() => selection.clear()}>
        {trans.__('Clear')}
      </button>
    </div>
  );
}
