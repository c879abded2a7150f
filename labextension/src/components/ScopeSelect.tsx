import * as React from 'react';

import type { ExperimentsModel } from '../models/experiments';
import type { RunListModel } from '../models/runList';
import { scopeFromText, scopeToText } from '../models/scope';
import { ExperimentOptions } from './ExperimentOptions';
import { useModel, useView } from './view';

/** Chooses which runs are listed: this notebook's, the project's, an experiment's, those in the trash. */
export function ScopeSelect(props: {
  list: RunListModel;
  experiments: ExperimentsModel;
}): JSX.Element {
  const { trans } = useView();
  const { list, experiments } = props;
  useModel(list, experiments);
  const { project } = list.project;
  const { scope } = list;
  return (
    <select
      className="trackbook-Select"
      aria-label={trans.__('Which runs')}
      value={scopeToText(scope)}
      onChange={event => list.setScope(scopeFromText(event.target.value))}
      onFocus={() => void experiments.refresh()}
    >
      <option value="notebook">{trans.__('This notebook')}</option>
      <option value="project">
        {project?.name ? trans.__('All of %1', project.name) : trans.__('All runs')}
      </option>
      <ExperimentOptions
        experiments={experiments.experiments}
        chosen={scope.kind === 'experiment' ? scope.name : null}
      />
      <option value="trash">{trans.__('Trash')}</option>
    </select>
  );
}
