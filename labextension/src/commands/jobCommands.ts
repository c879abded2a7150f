import { Notification } from '@jupyterlab/apputils';

import { toApiError } from '../client/errors';
import { CommandIDs } from '../commandIds';
import { jobIcon } from '../icons';
import type { ICommandContext } from './context';
import { A_JOB, A_NOTEBOOK } from './schemas';
import { textOf } from './targets';

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
  commands.addCommand(CommandIDs.cancelJob, {
    label: trans.__('Cancel Job'),
    describedBy: { args: A_JOB },
    execute: async args => {
      const project = textOf(args.project) ?? models.jobs.project;
      const job = textOf(args.job);
      if (project === null || job === null) {
        return;
      }
      try {
        await models.jobs.cancel(project, job);
      } catch (error) {
        Notification.error(toApiError(error).message, { autoClose: 8000 });
      }
    }
  });
}
