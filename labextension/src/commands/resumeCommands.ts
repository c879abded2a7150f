import { Notification } from '@jupyterlab/apputils';
import type * as nbformat from '@jupyterlab/nbformat';

import { toApiError } from '../client/errors';
import { CommandIDs } from '../commandIds';
import { findPanel } from '../notebooks/place';
import type { ICommandContext } from './context';
import { ONE_RUN } from './schemas';
import { contentsPath, pointedAt, targetOf, textOf } from './targets';

/** Add the commands that go on with runs that failed. */
export function addResumeCommands(context: ICommandContext): void {
  const { trans } = context;
  addCommand(context, CommandIDs.resumeRun, trans.__('Resume Run'), resume);
  addCommand(context, CommandIDs.debugRun, trans.__('Debug Run'), debug);
}

function addCommand(
  context: ICommandContext,
  id: string,
  label: string,
  work: (context: ICommandContext, project: string, run: string) => Promise<void>
): void {
  const { app, models } = context;
  app.commands.addCommand(id, {
    label,
    describedBy: { args: ONE_RUN },
    execute: async args => {
      const job = textOf(args.job) ?? pointedAt(app, 'job');
      const project = textOf(args.project) ?? pointedAt(app, 'project') ?? models.jobs.project;
      try {
        const target =
          textOf(args.run) === null && job !== null && project !== null
            ? { project, run: (await context.client.job(project, job)).spec.run_id }
            : targetOf(models, args);
        if (target) {
          await work(context, target.project, target.run);
        }
      } catch (error) {
        Notification.error(toApiError(error).message, { autoClose: 12_000 });
      }
    }
  });
}

/** Go on with a run, with the notebook as it stands in the editor where it is open. */
async function resume(context: ICommandContext, project: string, run: string): Promise<void> {
  const { app, client, models, trans } = context;
  const { source } = (await client.run(project, run)).run;
  const notebook = openNotebook(context, project, source.path);
  const job = await client.resumeRun(project, run, notebook);
  await models.jobs.refresh();
  const text = notebook
    ? trans.__('%1 goes on, as it stands in the editor.', job.spec.path)
    : trans.__('%1 goes on, as it is saved.', job.spec.path);
  Notification.success(text, {
    autoClose: 8000,
    actions: [
      {
        label: trans.__('Show the job'),
        callback: () => void app.commands.execute(CommandIDs.openJobs, { project, job: job.id })
      }
    ]
  });
}

/** The document of a notebook that is open, unsaved changes included; null where it isn't. */
function openNotebook(
  context: ICommandContext,
  project: string,
  source: string | null
): nbformat.INotebookContent | null {
  const { app, models, notebooks } = context;
  const path = source && contentsPath(models, project, source);
  const panel = path && notebooks && findPanel(app, notebooks, path);
  const model = panel ? panel.context.model : null;
  return model ? (model.toJSON() as nbformat.INotebookContent) : null;
}

/** Open a console on a kernel that is in the state of a run's failure. */
async function debug(context: ICommandContext, project: string, run: string): Promise<void> {
  const { app, client, trans } = context;
  if (!app.commands.hasCommand('console:create')) {
    throw new Error(trans.__('There are no consoles here; in a terminal: trackbook debug %1', run));
  }
  const id = Notification.emit(trans.__('The state of the failure is being made…'), 'in-progress', {
    autoClose: false
  });
  try {
    const { kernel, session, place, cells } = await client.debugRun(project, run);
    await app.serviceManager.sessions.refreshRunning();
    await app.commands.execute('console:create', {
      path: session.path,
      name: session.name,
      kernelPreference: { id: kernel.id, name: kernel.name, shutdownOnDispose: true },
      insertMode: 'split-right',
      activate: true
    });
    if (cells.length) {
      const text = trans._n(
        'The kernel runs %1 cell first, then it is as it was before cell %2.',
        'The kernel runs %1 cells first, then it is as it was before cell %2.',
        cells.length,
        place.number
      );
      Notification.info(text, { autoClose: 8000 });
    }
    Notification.dismiss(id);
  } catch (error) {
    Notification.dismiss(id);
    throw error;
  }
}
