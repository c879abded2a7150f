import { Notification } from '@jupyterlab/apputils';

import { toApiError } from '../client/errors';
import type { ISweep } from '../client/sweeps';
import { CommandIDs } from '../commandIds';
import { sweepIcon } from '../icons';
import type { ICommandContext } from './context';
import { A_SWEEP } from './schemas';
import { pointedAt, textOf } from './targets';

/** Add the commands about sweeps. */
export function addSweepCommands(context: ICommandContext): void {
  const { client, trans, pages, app, models } = context;
  app.commands.addCommand(CommandIDs.openSweep, {
    label: trans.__('Open Sweep'),
    icon: sweepIcon,
    describedBy: { args: A_SWEEP },
    execute: async args => {
      const project = textOf(args.project) ?? pointedAt(app, 'project') ?? models.jobs.project;
      const sweep = textOf(args.sweep) ?? pointedAt(app, 'sweep');
      if (project !== null && sweep !== null) {
        await pages.openSweep(project, sweep, textOf(args.tab) ?? undefined);
      }
    }
  });
  addCommand(context, CommandIDs.cancelSweep, trans.__('Cancel Sweep'), (...of) =>
    client.cancelSweep(...of)
  );
  addCommand(context, CommandIDs.resumeSweep, trans.__('Resume Sweep'), (...of) =>
    client.resumeSweep(...of)
  );
}

function addCommand(
  context: ICommandContext,
  id: string,
  label: string,
  work: (project: string, sweep: string) => Promise<ISweep>
): void {
  const { app, models } = context;
  app.commands.addCommand(id, {
    label,
    describedBy: { args: A_SWEEP },
    execute: async args => {
      const project = textOf(args.project) ?? pointedAt(app, 'project') ?? models.jobs.project;
      const sweep = textOf(args.sweep) ?? pointedAt(app, 'sweep');
      if (project === null || sweep === null) {
        return;
      }
      try {
        const changed = await work(project, sweep);
        if (models.sweeps.project === project) {
          models.sweeps.update(changed);
        }
        context.pages.refreshSweep(sweep);
      } catch (error) {
        Notification.error(toApiError(error).message, { autoClose: 8000 });
      }
    }
  });
}
