import * as React from 'react';

import type { IComparedRun, IComparison } from '../client/compare';
import { CommandIDs } from '../commandIds';
import type { ColoursModel } from '../models/colours';
import type { CompareModel } from '../models/compare';
import { DataRows, FileRows, MetricRows, ValueRows } from './CompareRows';
import { StatusIcon } from './Status';
import { classes, useModel, useView } from './view';

/** What the browser carries while a column is dragged. */
const DRAGGED = 'application/x-trackbook-compared-run';

/** The table of a comparison: a column for each run, a row for each thing that differs. */
export function CompareTable(props: {
  model: CompareModel;
  colours: ColoursModel;
}): JSX.Element | null {
  const { trans } = useView();
  const { model, colours } = props;
  useModel(model, colours);
  const { comparison } = model;
  if (!comparison) {
    return null;
  }
  const { runs } = comparison;
  return (
    <div className="trackbook-CompareTable-frame" tabIndex={-1}>
      <table className="trackbook-Table trackbook-CompareTable">
        <thead>
          <tr>
            <th />
            {runs.map((run, place) => (
              <ColumnHead key={run.id} run={run} place={place} model={model} colours={colours} />
            ))}
          </tr>
        </thead>
        <Sections comparison={comparison} />
      </table>
      {isEmpty(comparison) && (
        <p className="trackbook-Quiet">
          {trans.__('These runs differ in nothing that was recorded.')}
        </p>
      )}
    </div>
  );
}

function Sections({ comparison }: { comparison: IComparison }): JSX.Element {
  const { trans } = useView();
  const { runs, environment } = comparison;
  const git = environment.filter(row => row.key.startsWith('git.'));
  const hardware = environment.filter(row => row.key.startsWith('hardware.'));
  const rest = environment.filter(row => !git.includes(row) && !hardware.includes(row));
  const values = (title: string, rows: typeof environment, prefix?: string) => (
    <ValueRows title={title} rows={rows} runs={runs} prefix={prefix} />
  );
  return (
    <>
      <MetricRows title={trans.__('Metrics')} rows={comparison.metrics} runs={runs} />
      {values(trans.__('Parameters'), comparison.params)}
      {values(trans.__('Tags'), comparison.tags)}
      {values(trans.__('Run'), comparison.facts)}
      <DataRows title={trans.__('Data')} rows={comparison.data} runs={runs} />
      {values(trans.__('Seeds'), comparison.seeds)}
      {values(trans.__('Git'), git, 'git.')}
      {values(trans.__('Environment'), rest)}
      {values(trans.__('Hardware'), hardware, 'hardware.')}
      {values(trans.__('Environment variables'), comparison.variables)}
      {values(trans.__('Packages'), comparison.packages)}
      <FileRows title={trans.__('Modules of the project')} rows={comparison.modules} runs={runs} />
      <FileRows title={trans.__('Artifacts')} rows={comparison.artifacts} runs={runs} />
    </>
  );
}

function ColumnHead(props: {
  run: IComparedRun;
  place: number;
  model: CompareModel;
  colours: ColoursModel;
}): JSX.Element {
  const { trans, execute } = useView();
  const { run, place, model, colours } = props;
  const [isOver, setOver] = React.useState(false);
  const head = React.useRef<HTMLTableCellElement>(null);
  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
    if (step && event.altKey) {
      event.preventDefault();
      model.move(run.id, place + step);
    }
  };
  return (
    <th
      ref={head}
      scope="col"
      className={classes(isOver && 'trackbook-mod-drop')}
      style={{ borderTopColor: `var(${colours.get(run.id).variable})` }}
      title={trans.__('Drag to another place; the first is what the others are compared with')}
      draggable
      onDragStart={event => event.dataTransfer.setData(DRAGGED, run.id)}
      onDragOver={event => {
        if (event.dataTransfer.types.includes(DRAGGED)) {
          event.preventDefault();
          setOver(true);
        }
      }}
      onDragLeave={() => setOver(false)}
      onDrop={event => {
        event.preventDefault();
        setOver(false);
        model.move(event.dataTransfer.getData(DRAGGED), place);
      }}
      onKeyDown={onKeyDown}
    >
      <span className="trackbook-CompareTable-run">
        <StatusIcon status={run.status} />
        <button
          className="trackbook-Link"
          title={run.name}
          aria-keyshortcuts="Alt+ArrowLeft Alt+ArrowRight"
          onClick={() => execute(CommandIDs.openRun, { project: model.project, run: run.id })}
        >
          {run.experiment} #{run.number}
        </button>
        {model.runs.length > 2 && (
          <button
            className="trackbook-IconButton"
            title={trans.__('Leave out of the comparison')}
            aria-label={trans.__('Leave #%1 out of the comparison', run.number)}
            onClick={() => model.remove(run.id)}
          >
            ✕
          </button>
        )}
      </span>
      <span className="trackbook-CompareTable-base">
        {place === 0 ? (
          <span className="trackbook-Quiet">{trans.__('compared with')}</span>
        ) : (
          <button
            className="trackbook-Link"
            aria-label={trans.__('Compare with #%1', run.number)}
            onClick={() => model.setBaseline(run.id)}
          >
            {model.runs.length === 2 ? trans.__('Swap') : trans.__('Compare with this')}
          </button>
        )}
        {run.trashed && <span className="trackbook-Quiet"> · {trans.__('in the trash')}</span>}
        {run.forked_from !== null && (
          <span className="trackbook-Quiet"> · {trans.__('a fork')}</span>
        )}
      </span>
    </th>
  );
}

function isEmpty(comparison: IComparison): boolean {
  const { params, metrics, tags, environment, packages } = comparison;
  const { facts, variables, seeds, data, modules, artifacts } = comparison;
  const parts = [params, metrics, tags, environment, packages, facts, variables, seeds];
  return ![...parts, data, modules, artifacts].some(rows => rows.length);
}
