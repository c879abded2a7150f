import { Token } from '@lumino/coreutils';

import type { BestModel } from './models/best';
import type { IChanges } from './models/changes';
import type { ColoursModel } from './models/colours';
import type { ConnectionModel } from './models/connection';
import type { Details } from './models/details';
import type { ExperimentsModel } from './models/experiments';
import type { JobsModel } from './models/jobs';
import type { ListState } from './models/listState';
import type { ProblemsModel } from './models/problems';
import type { ProjectModel } from './models/project';
import type { RunListModel } from './models/runList';
import type { SelectionModel } from './models/selection';
import type { SweepsModel } from './models/sweeps';
import type { TablePage } from './models/table/tablePage';

/** The models that all of Trackbook's views share. */
export interface IModels {
  readonly changes: IChanges;
  readonly connection: ConnectionModel;
  readonly project: ProjectModel;
  readonly list: RunListModel;
  readonly listState: ListState;
  readonly selection: SelectionModel;
  readonly colours: ColoursModel;
  readonly best: BestModel;
  readonly details: Details;
  readonly experiments: ExperimentsModel;
  readonly jobs: JobsModel;
  readonly sweeps: SweepsModel;
  readonly problems: ProblemsModel;
}

/** The token of the shared models. */
export const IModels = new Token<IModels>(
  'trackbook:IModels',
  'The models that the views of Trackbook share: project, runs, selection, jobs, sweeps, problems.'
);

/** Opens what Trackbook shows in the main area. */
export interface IPages {
  /** Show a run's page; `tab` is one of overview, charts, values, cells, artifacts, environment, system. */
  openRun(project: string, run: string, tab?: string): Promise<void>;
  /** Show a comparison of two runs or more. */
  openComparison(project: string, runs: readonly string[], tab?: string): Promise<void>;
  /** Go to the next cell that differs in the comparison that is shown, or with -1 to the one before. */
  stepDifference(direction: 1 | -1): void;
  /** Show the form that runs a notebook as a job. */
  openJobForm(notebook: string): Promise<void>;
  /** Show the jobs and sweeps of a project, and one job closely; `tab` is one of jobs, sweeps, log (of that job). */
  openJobs(project: string, job: string | null, tab?: string): Promise<void>;
  /** Show a sweep's page; `tab` is one of trials, charts. */
  openSweep(project: string, sweep: string, tab?: string): Promise<void>;
  /** Show the runs of a project as a table; with the saved view of that id. */
  openTable(project: string, view?: string): Promise<void>;
  /** The table that the user is at, or was at last; null without one. */
  readonly table: TablePage | null;
  /** Have a sweep's page, if there is one, ask the server again. */
  refreshSweep(sweep: string): void;
}

/** The token of the pages. */
export const IPages = new Token<IPages>(
  'trackbook:IPages',
  'Opens runs, comparisons, jobs, sweeps and job forms in the main area.'
);
