import { Notification } from '@jupyterlab/apputils';

import { toApiError } from '../client/errors';
import type { IReproduce, IReproductionOptions } from '../client/reproduction';
import { CommandIDs } from '../commandIds';
import type { ICommandContext } from './context';

/** What the server adds for a terminal where data has changed; here a button does it. */
const TERMINAL = / To run it all the same: .*--allow-changed-data.*$/s;

/** Queue a job that runs a run again; where data has changed since, ask whether that is meant. Rejects with an ApiError. */
export async function reproduce(
  context: ICommandContext,
  project: string,
  run: string,
  how: IReproduce
): Promise<void> {
  const { app, client, models, trans } = context;
  try {
    const job = await client.reproduce(project, run, how);
    await models.jobs.refresh();
    Notification.info(trans.__('The run is being repeated. The verdict will stand on its page.'), {
      autoClose: 8000,
      actions: [
        {
          label: trans.__('Open the new run'),
          callback: () => {
            const args = { project, run: job.spec.run_id };
            void app.commands.execute(CommandIDs.openRun, args);
          }
        }
      ]
    });
  } catch (reason) {
    const error = toApiError(reason);
    if (error.status !== 409 || !TERMINAL.test(error.message)) {
      throw error;
    }
    Notification.warning(error.message.replace(TERMINAL, ''), {
      autoClose: false,
      actions: [
        {
          label: trans.__('Run it with the data as they are'),
          callback: () => {
            const anyway = { ...how, allow_changed_data: true };
            reproduce(context, project, run, anyway).catch((again: unknown) =>
              Notification.error(toApiError(again).message, { autoClose: 8000 })
            );
          }
        }
      ]
    });
  }
}

/** What a job that repeated a run was told, as a request for another one. */
export function howAgain(options: IReproductionOptions, timeout: number | null): IReproduce {
  const { tolerance, environment, allow_changed_data, ignore } = options;
  return {
    environment,
    allow_changed_data,
    ignore,
    ...(tolerance !== null && { tolerance }),
    ...(timeout !== null && { timeout })
  };
}
