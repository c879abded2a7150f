import * as React from 'react';

import type { RunListModel } from '../models/runList';
import { CopyCode } from './Notes';
import { useView } from './view';

const MAGIC = '%load_ext trackbook\n%track start my-experiment';

/** Why there is nothing to list, and what would fill the list. */
export function EmptyRuns({ list }: { list: RunListModel }): JSX.Element {
  const { trans } = useView();
  if (list.search.trim()) {
    return (
      <Empty title={trans.__('No run matches this search.')}>
        <button className="trackbook-Button" onClick={() => list.setSearch('')}>
          {trans.__('Clear the search')}
        </button>
      </Empty>
    );
  }
  if (list.scope.kind === 'trash') {
    return <Empty title={trans.__('The trash is empty.')} />;
  }
  const isNotebook = list.scope.kind === 'notebook' && list.project.notebook !== null;
  const title = isNotebook ? trans.__('No runs yet in this notebook') : trans.__('No runs yet');
  return (
    <Empty title={title}>
      <p>{trans.__('Run this in a notebook, and its runs appear here:')}</p>
      <CopyCode code={MAGIC} />
      {isNotebook && list.project.project && (
        <button className="trackbook-Button" onClick={() => list.setScope({ kind: 'project' })}>
          {trans.__('Show all runs of %1', list.project.project.name)}
        </button>
      )}
    </Empty>
  );
}

function Empty(props: { title: string; children?: React.ReactNode }): JSX.Element {
  return (
    <div className="trackbook-Empty">
      <h3>{props.title}</h3>
      {props.children}
    </div>
  );
}
