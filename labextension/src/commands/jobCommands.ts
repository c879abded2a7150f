import { Clipboard, Notification } from '@jupyterlab/apputils';

import { toApiError } from '../client/errors';
import type { IJob } from '../client/types';
import { CommandIDs } from '../commandIds';
import { jobIcon } from '../icons';
import { jobCommand, sameAgain } from '../models/jobCommand';
import type { ICommandContext } from './context';
import { howAgain, reproduce } from './reproduction';
import { A_JOB, A_NOTEBOOK } from './schemas';
import { contentsPath, textOf } from './targets';

/** Add the commands that start and cancel jobs. */
export function addJobCommands(context: ICommandContext): void {
  const { app, models, pages, trans, notebooks } = context;
  const { commands } = app;
  const current = () => {
    const path = notebooks?.currentWidget?.context.path;
    return path === undefined ? null : app.serviceManager.contents.localPath(path);
  };
  commands.addCommand(CommandIDs.runAsJob, {
    label: trans.__('Run as Job…'),
    caption: trans.__('Run this notebook as a job, once or as a sweep over parameters'),
    icon: jobIcon,
    describedBy: { args: A_NOTEBOOK },
    isEnabled: args => (textOf(args.path) ?? current()) !== null,
    execute: args => {
      const path = textOf(args.path) ?? current();
      if (path !== null) {
        pages.openJobForm(path);
      }
    }
  });
  addCommand(context, CommandIDs.cancelJob, trans.__('Cancel Job'), async (project, job) => {
    await models.jobs.cancel(project, job);
  });
  addCommand(context, CommandIDs.copyJobCommand, trans.__('Copy Job Command'), async (...of) => {
    Clipboard.copyToSystem(jobCommand((await context.client.job(...of)).spec));
    Notification.info(trans.__('The command is on the clipboard.'), { autoClose: 2000 });
  });
  addCommand(context, CommandIDs.runAgain, trans.__('Run Job Again'), async (project, job) => {
    await doAgain(context, project, await context.client.job(project, job));
  });
}

/** Add a command about one job; when it fails, the user is told why. */
function addCommand(
  context: ICommandContext,
  id: string,
  label: string,
  work: (project: string, job: string) => Promise<void>
): void {
  const { app, models } = context;
  app.commands.addCommand(id, {
    label,
    describedBy: { args: A_JOB },
    execute: async args => {
      const project = textOf(args.project) ?? models.jobs.project;
      const job = textOf(args.job);
      if (project === null || job === null) {
        return;
      }
      try {
        await work(project, job);
      } catch (error) {
        Notification.error(toApiError(error).message, { autoClose: 8000 });
      }
    }
  });
}

/** Do what a job did once more: repeat the same run, or run the notebook. */
async function doAgain(context: ICommandContext, project: string, job: IJob): Promise<void> {
  const { reproduction } = job.spec;
  if (reproduction) {
    await reproduce(
      context,
      project,
      reproduction.run_id,
      howAgain(reproduction, job.spec.timeout)
    );
  } else {
    await runAgain(context, project, job);
  }
}

/** Run a job's notebook, as it is now, once more; what is open and unsaved is saved first. */
async function runAgain(context: ICommandContext, project: string, job: IJob): Promise<void> {
  const { app, client, models, notebooks, trans } = context;
  const path = contentsPath(models, project, job.spec.path);
  if (path === null) {
    throw new Error(
      trans.__('%1 lies outside of the project: run it in a terminal.', job.spec.path)
    );
  }
  const { contents } = app.serviceManager;
  const open = notebooks?.find(panel => contents.localPath(panel.context.path) === path);
  if (open?.context.model.dirty) {
    await open.context.save();
  }
  const [started] = await client.submitJobs(project, sameAgain(job.spec, path));
  await models.jobs.refresh();
  Notification.success(trans.__('%1 was queued again.', job.spec.path), {
    autoClose: 8000,
    actions: [
      {
        label: trans.__('Open its run'),
        callback: () => {
          void app.commands.execute(CommandIDs.openRun, { project, run: started.spec.run_id });
        }
      }
    ]
  });
}
