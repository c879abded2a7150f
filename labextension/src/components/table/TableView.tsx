import * as React from 'react';

import type { ITableClient } from '../../client/table';
import { CommandIDs } from '../../commandIds';
import type { ExperimentsModel } from '../../models/experiments';
import { MOST_COPIED } from '../../models/table/tableSelection';
import type { TablePage } from '../../models/table/tablePage';
import { replaceField, unknownFields } from '../../models/table/unknownFields';
import { CopyCode, ErrorNote, Loading } from '../Notes';
import { useModel, useView } from '../view';
import { ColumnPicker } from './ColumnPicker';
import { GridHost } from './GridHost';
import { GroupPicker } from './GroupPicker';
import { Popover } from './Popover';
import { QueryInput } from './QueryInput';
import { ScopePicker } from './ScopePicker';
import { ViewPicker } from './ViewPicker';

const MAGIC = '%load_ext trackbook\n%track start my-experiment';

export interface ITableViewProps {
  page: TablePage;
  experiments: ExperimentsModel;
  client: Pick<ITableClient, 'check'>;
}

/** The run table: what is searched for, the grid, and what can be done with what is selected. */
export function TableView(props: ITableViewProps): JSX.Element {
  const { trans } = useView();
  const { page } = props;
  const { table } = page;
  useModel(page, table);
  const box = React.useRef<HTMLDivElement>(null);
  const focusGrid = () =>
    box.current?.querySelector<HTMLElement>('.trackbook-Grid-mirror')?.focus();
  const { error } = table;
  return (
    <section ref={box} className="trackbook-RunTable" aria-label={trans.__('Run table')}>
      <Bar {...props} onLeaveSearch={focusGrid} />
      {error && (
        <ErrorNote
          error={error}
          hint={table.rowCount ? trans.__('The table shows what was known before.') : undefined}
          onRetry={() => table.refresh()}
        />
      )}
      <Pending page={page} />
      <Body page={page} />
      <Foot page={page} />
    </section>
  );
}

/** The grid; in its place, until the first answer or where there are no runs, a sentence. */
function Body({ page }: { page: TablePage }): JSX.Element | null {
  const { trans } = useView();
  const { table } = page;
  useModel(table);
  const isFirst = table.question < 2 && !table.rowCount;
  if (table.rowCount || (!table.isReady && !isFirst)) {
    return <GridHost page={page} />;
  }
  if (table.error) {
    return null;
  }
  return table.isReady ? <Empty page={page} /> : <Loading label={trans.__('Loading runs…')} />;
}

function Bar(props: ITableViewProps & { onLeaveSearch(): void }): JSX.Element {
  const { trans } = useView();
  const { page } = props;
  const { table, views } = page;
  useModel(page, table, table.columns, views, page.query);
  const { current, isChanged } = views;
  const charts = page.charts;
  return (
    <div className="trackbook-RunTable-bar">
      <ScopePicker page={page} experiments={props.experiments} />
      <QueryInput page={page} onLeave={props.onLeaveSearch} />
      {page.query.brushed && (
        <button
          className="trackbook-Button trackbook-mod-marked"
          title={trans.__('Take back what was marked in a chart: %1', page.query.brushed)}
          onClick={() => page.query.brush('')}
        >
          {trans.__('Marked in a chart')} ×
        </button>
      )}
      <Popover
        label={
          table.isGrouped ? trans.__('Groups: %1', table.groupBy.join(', ')) : trans.__('Group')
        }
        name={trans.__('Groups')}
        isMarked={table.isGrouped}
      >
        {() => <GroupPicker page={page} />}
      </Popover>
      <Popover label={trans.__('Columns')} name={trans.__('Columns')}>
        {() => <ColumnPicker page={page} client={props.client} />}
      </Popover>
      <Popover
        label={
          <>
            {current ? current.name : trans.__('Views')}
            {isChanged && (
              <span title={trans.__('Changed since it was saved')}>
                {' •'}
                <span className="trackbook-ReadersOnly">{trans.__('changed')}</span>
              </span>
            )}
          </>
        }
        name={trans.__('Views')}
        isMarked={isChanged}
      >
        {close => <ViewPicker page={page} onDone={close} />}
      </Popover>
      <select
        className="trackbook-Select"
        aria-label={trans.__('Charts')}
        value={charts}
        onChange={event => page.placeCharts(event.target.value as typeof charts)}
      >
        <option value="hidden">{trans.__('No charts')}</option>
        <option value="right">{trans.__('Charts at the right')}</option>
        <option value="below">{trans.__('Charts below')}</option>
      </select>
    </div>
  );
}

/** New runs announce themselves, in place of pushing the others. */
function Pending({ page }: { page: TablePage }): JSX.Element | null {
  const { trans } = useView();
  const { table } = page;
  useModel(table);
  if (!table.pending) {
    return null;
  }
  return (
    <button className="trackbook-NewRuns" onClick={() => table.showPending()}>
      {trans._n('%1 new run: show it', '%1 new runs: show them', table.pending)}
    </button>
  );
}

/** How many runs there are and which are selected, and what can be done with those. */
function Foot({ page }: { page: TablePage }): JSX.Element {
  const { trans, execute } = useView();
  const { table, selection, query } = page;
  useModel(page, table, selection, query);
  const { size } = selection;
  const runs = [...selection.ids];
  const args = { project: page.project, runs, place: 'table' };
  const total = table.total.toLocaleString();
  const text = table.isGrouped
    ? trans.__('%1 groups of %2 runs', table.groupCount.toLocaleString(), total)
    : trans._n('%1 run', '%1 runs', table.total).replace(String(table.total), total);
  return (
    <div className="trackbook-RunTable-foot" role="toolbar" aria-label={trans.__('Selected runs')}>
      <span role="status">
        {table.isReady && text}
        {size > 0 && ` · ${trans._n('%1 selected', '%1 selected', size)}`}
        {page.notice && ' · '}
        <Told page={page} />
      </span>
      <span className="trackbook-Spacer" />
      {size === 0 && table.total > 0 && (
        <button className="trackbook-Button" onClick={() => void page.selectAll()}>
          {trans.__('Select all')}
        </button>
      )}
      {size > 0 && (
        <>
          <button
            className="trackbook-Button trackbook-mod-primary"
            disabled={size < 2 || size > 100}
            title={
              size < 2
                ? trans.__('Select two runs or more to compare them')
                : size > 100
                  ? trans.__('Up to 100 runs are compared with each other')
                  : undefined
            }
            onClick={() => execute(CommandIDs.compareRuns, args)}
          >
            {trans.__('Compare')}
          </button>
          <button
            className="trackbook-Button"
            onClick={() =>
              execute(query.scope.trashed ? CommandIDs.restoreRun : CommandIDs.trashRun, args)
            }
          >
            {query.scope.trashed ? trans.__('Restore') : trans.__('Move to trash')}
          </button>
          <button className="trackbook-Button" onClick={() => selection.clear()}>
            {trans.__('Clear')}
          </button>
        </>
      )}
      <button
        className="trackbook-Button"
        disabled={!table.total}
        title={
          size
            ? trans.__('Copy the selected runs with the columns that are shown, as CSV')
            : table.isGrouped
              ? trans.__('Copy the groups with the numbers that are shown, as CSV')
              : trans.__('Copy all runs that match with the columns that are shown, as CSV')
        }
        onClick={() => execute(CommandIDs.copyTable, { format: 'csv' })}
      >
        {trans.__('Copy as CSV')}
      </button>
      <button
        className="trackbook-Button"
        disabled={!table.total}
        onClick={() => execute(CommandIDs.copyTable, { format: 'markdown' })}
      >
        {trans.__('Copy as Markdown')}
      </button>
    </div>
  );
}

function Told({ page }: { page: TablePage }): JSX.Element | null {
  const { trans } = useView();
  const { notice } = page;
  if (!notice) {
    return null;
  }
  const count = (value: number) => value.toLocaleString();
  switch (notice.kind) {
    case 'error':
      return <span className="trackbook-FieldError">{notice.message}</span>;
    case 'full':
      return (
        <span className="trackbook-Quiet">
          {trans.__('A table has room for 60 columns and 4 curves; hide one first.')}
        </span>
      );
    case 'copied':
      return (
        <span className="trackbook-Quiet">
          {notice.taken < notice.of
            ? trans.__(
                'The first %1 of %2 runs were copied; more than %3 are an export’s business.',
                count(notice.taken),
                count(notice.of),
                count(MOST_COPIED)
              )
            : notice.isGroups
              ? trans._n('%1 group was copied.', '%1 groups were copied.', notice.taken)
              : trans._n('%1 run was copied.', '%1 runs were copied.', notice.taken)}
        </span>
      );
    default:
      return (
        <span className="trackbook-Quiet">
          {trans.__(
            'The first %1 of %2 runs are selected; a search narrows them down.',
            count(notice.taken),
            count(notice.of)
          )}
        </span>
      );
  }
}

/** Which of the search's fields no run has, and what was meant instead. */
function Unknown({ page }: { page: TablePage }): JSX.Element {
  const { trans } = useView();
  const { query } = page.query.scope;
  return (
    <>
      {unknownFields(query, page.table.known).map(({ written, near }) => (
        <p key={written}>
          {trans.__('No run has %1.', written)}{' '}
          {near !== null && (
            <button
              className="trackbook-Link"
              onClick={() => page.query.set({ query: replaceField(query, written, near) })}
            >
              {trans.__('Did you mean %1?', near)}
            </button>
          )}
        </p>
      ))}
    </>
  );
}

function Empty({ page }: { page: TablePage }): JSX.Element {
  const { trans } = useView();
  const { scope, brushed } = page.query;
  if (scope.query || brushed || scope.experiment !== null || scope.notebook !== null) {
    return (
      <div className="trackbook-Empty">
        <h3>{trans.__('No run matches this search.')}</h3>
        <Unknown page={page} />
        <button
          className="trackbook-Button"
          onClick={() => page.query.set({ query: '', experiment: null, notebook: null })}
        >
          {trans.__('Show all runs')}
        </button>
      </div>
    );
  }
  if (scope.trashed) {
    return (
      <div className="trackbook-Empty">
        <h3>{trans.__('The trash is empty.')}</h3>
      </div>
    );
  }
  return (
    <div className="trackbook-Empty">
      <h3>{trans.__('No runs yet')}</h3>
      <p>{trans.__('Run this in a notebook, and its runs appear here:')}</p>
      <CopyCode code={MAGIC} />
    </div>
  );
}
