import { Clipboard, Notification } from '@jupyterlab/apputils';

import { toApiError } from '../client/errors';
import type { IJob } from '../client/types';
import { CommandIDs } from '../commandIds';
import { jobIcon } from '../icons';
import { jobCommand, sameAgain } from '../models/jobCommand';
import type { ICommandContext } from './context';
import { howAgain, reproduce } from './reproduction';
import { A_JOB, A_JOBS_PAGE, A_NOTEBOOK, SOME_JOBS } from './schemas';
import { contentsPath, pointedAt, textOf } from './targets';

/** Add the commands that start and cancel jobs. */
export function addJobCommands(context: ICommandContext): void {
  const { app, client, models, pages, trans, notebooks } = context;
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
    execute: async args => {
      const path = textOf(args.path) ?? current();
      if (path !== null) {
        await pages.openJobForm(path);
      }
    }
  });
  commands.addCommand(CommandIDs.openJobs, {
    label: trans.__('Show Jobs and Sweeps'),
    caption: trans.__('Show the queue, what runs and what ran, in the main area'),
    icon: jobIcon,
    describedBy: { args: A_JOBS_PAGE },
    isEnabled: args => (textOf(args.project) ?? models.jobs.project) !== null,
    execute: async args => {
      // With a project it is a button that asks; without one it may be a context menu.
      const named = textOf(args.project);
      const project = named ?? pointedAt(app, 'project') ?? models.jobs.project;
      const job = textOf(args.job) ?? (named === null ? pointedAt(app, 'job') : null);
      if (project !== null) {
        await pages.openJobs(project, job, textOf(args.tab) ?? undefined);
      }
    }
  });
  addCommand(context, CommandIDs.showJobLog, trans.__('Show Log'), (project, job) =>
    pages.openJobs(project, job, 'log')
  );
  addCommand(context, CommandIDs.cancelJob, trans.__('Cancel Job'), async (project, job) => {
    await models.jobs.cancel(project, job);
  });
  addCommand(context, CommandIDs.retryJob, trans.__('Retry Job'), async (project, job) => {
    await client.retryJob(project, job);
  });
  addCommand(context, CommandIDs.copyJobCommand, trans.__('Copy Job Command'), async (...of) => {
    Clipboard.copyToSystem(jobCommand((await client.job(...of)).spec));
    Notification.info(trans.__('The command is on the clipboard.'), { autoClose: 2000 });
  });
  addCommand(context, CommandIDs.runAgain, trans.__('Run Job Again'), async (project, job) => {
    await doAgain(context, project, await client.job(project, job));
  });
}

/** Add a command about one job, or about several one after the other; when it fails, the user is told why. */
function addCommand(
  context: ICommandContext,
  id: string,
  label: string,
  work: (project: string, job: string) => Promise<void>
): void {
  const { app, models } = context;
  app.commands.addCommand(id, {
    label,
    describedBy: { args: id === CommandIDs.copyJobCommand ? A_JOB : SOME_JOBS },
    execute: async args => {
      const project = textOf(args.project) ?? pointedAt(app, 'project') ?? models.jobs.project;
      const named: readonly unknown[] = Array.isArray(args.jobs)
        ? args.jobs
        : [textOf(args.job) ?? pointedAt(app, 'job')];
      const problems = new Set<string>();
      for (const job of named.map(textOf)) {
        try {
          if (project !== null && job !== null) {
            await work(project, job);
          }
        } catch (error) {
          problems.add(toApiError(error).message);
        }
      }
      problems.forEach(text => Notification.error(text, { autoClose: 8000 }));
      if (named.length > 1 || id === CommandIDs.retryJob) {
        await models.jobs.refresh();
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
