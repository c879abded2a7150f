import { closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { CommandIDs } from '../commandIds';
import { tableIcon } from '../icons';
import type { ExperimentsModel } from '../models/experiments';
import { EmptyRuns } from './EmptyRuns';
import { ErrorNote, Loading } from './Notes';
import { type IRunListProps, RunList } from './RunList';
import { ScopeSelect } from './ScopeSelect';
import { SearchBox } from './SearchBox';
import { useModel, useView } from './view';

export interface IRunsProps extends IRunListProps {
  experiments: ExperimentsModel;
  /** The user is done here: the cursor goes back to the work. */
  onLeave(): void;
}

/** The sidebar's first section: scope, search, the list, and what can be done with what is selected. */
export function Runs(props: IRunsProps): JSX.Element {
  const { trans } = useView();
  const { list, state, selection } = props;
  useModel(list, state, selection);
  const box = React.useRef<HTMLDivElement>(null);
  const { error } = list;
  const queryError = error?.code === 'query' ? error : null;
  const focusList = () => box.current?.querySelector<HTMLElement>('.trackbook-RunList')?.focus();
  const onKeyDown = (event: React.KeyboardEvent) => {
    if ((event.target as Element).matches('input, textarea, select')) {
      return;
    }
    if (event.key === '/' && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      state.focusSearch();
    } else if (event.key === 'Escape') {
      event.preventDefault();
      if (selection.size) {
        selection.clear();
      } else {
        props.onLeave();
      }
    }
  };
  return (
    <div ref={box} className="trackbook-Runs" onKeyDown={onKeyDown}>
      <div className="trackbook-Runs-bar">
        <ScopeSelect list={list} experiments={props.experiments} />
        <SearchBox
          text={list.search}
          error={queryError}
          requests={state.searchRequests}
          onChange={text => list.setSearch(text)}
          onLeave={focusList}
        />
      </div>
      {error && !queryError && (
        <ErrorNote
          error={error}
          hint={list.rows.total ? trans.__('The list shows what was known before.') : undefined}
          onRetry={() => void list.refresh()}
        />
      )}
      <Body {...props} />
      {selection.size > 0 && <SelectionBar {...props} />}
    </div>
  );
}

function Body(props: IRunsProps): JSX.Element | null {
  const { trans } = useView();
  const { list } = props;
  if (list.rows.total > 0 || list.rows.pending > 0) {
    return <RunList {...props} />;
  }
  if (list.error) {
    return null;
  }
  return list.isReady ? <EmptyRuns list={list} /> : <Loading label={trans.__('Loading runs…')} />;
}

function SelectionBar({ list, selection }: IRunsProps): JSX.Element {
  const { trans, execute } = useView();
  const count = selection.size;
  const compare = () =>
    execute(CommandIDs.compareRuns, {
      project: list.project.project?.id ?? '',
      runs: [...selection.ids]
    });
  return (
    <div className="trackbook-SelectionBar" role="toolbar" aria-label={trans.__('Selected runs')}>
      <span>{trans._n('%1 selected', '%1 selected', count)}</span>
      <button
        className="trackbook-Button trackbook-mod-primary"
        disabled={count < 2}
        title={count < 2 ? trans.__('Select two runs or more to compare them') : undefined}
        onClick={compare}
      >
        {trans.__('Compare')}
      </button>
      <button
        className="trackbook-IconButton"
        title={trans.__('Show all runs as a table, with charts beside it')}
        aria-label={trans.__('Table')}
        onClick={() => execute(CommandIDs.openTable, { project: list.project.project?.id ?? '' })}
      >
        <tableIcon.react tag="span" width="16px" />
      </button>
      <button
        className="trackbook-IconButton"
        title={trans.__('Clear the selection')}
        aria-label={trans.__('Clear')}
        onClick={() => selection.clear()}
      >
        <closeIcon.react tag="span" width="16px" />
      </button>
    </div>
  );
}
