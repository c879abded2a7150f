import * as React from 'react';

import type { ExperimentsModel } from '../../models/experiments';
import type { TablePage } from '../../models/table/tablePage';
import { ExperimentOptions } from '../ExperimentOptions';
import { useModel, useView } from '../view';

/** Chooses among which runs is searched: all of the project, an experiment's, or those in the trash. */
export function ScopePicker(props: {
  page: TablePage;
  experiments: ExperimentsModel;
}): JSX.Element {
  const { trans } = useView();
  const { page, experiments } = props;
  useModel(page.query, experiments);
  const { experiment, trashed } = page.query.scope;
  const set = (text: string) =>
    page.query.set({
      trashed: text === 'trash',
      experiment: text.startsWith('experiment:') ? text.slice('experiment:'.length) : null
    });
  return (
    <select
      className="trackbook-Select"
      aria-label={trans.__('Which runs')}
      value={trashed ? 'trash' : experiment === null ? 'all' : `experiment:${experiment}`}
      onChange={event => set(event.target.value)}
      onFocus={() => void experiments.refresh()}
    >
      <option value="all">{trans.__('All runs')}</option>
      <ExperimentOptions experiments={experiments.experiments} chosen={experiment} />
      <option value="trash">{trans.__('Trash')}</option>
    </select>
  );
}
