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
  const { experiment, notebook, trashed } = page.query.scope;
  const chosen =
    experiment !== null ? `experiment:${experiment}` : notebook !== null ? 'notebook' : 'all';
  const set = (text: string) =>
    page.query.set({
      trashed: text === 'trash',
      notebook: text === 'notebook' ? notebook : null,
      experiment: text.startsWith('experiment:') ? text.slice('experiment:'.length) : null
    });
  return (
    <select
      className="trackbook-Select"
      aria-label={trans.__('Which runs')}
      value={trashed ? 'trash' : chosen}
      onChange={event => set(event.target.value)}
      onFocus={() => void experiments.refresh()}
    >
      <option value="all">{trans.__('All runs')}</option>
      {notebook !== null && <option value="notebook">{trans.__('Notebook %1', notebook)}</option>}
      <ExperimentOptions experiments={experiments.experiments} chosen={experiment} />
      <option value="trash">{trans.__('Trash')}</option>
    </select>
  );
}
