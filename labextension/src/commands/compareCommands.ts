import { Notification } from '@jupyterlab/apputils';

import type { CounterpartKind } from '../client/differences';
import { toApiError } from '../client/errors';
import { CommandIDs } from '../commandIds';
import { compareIcon } from '../icons';
import type { ICommandContext } from './context';
import { NOTHING, ONE_RUN } from './schemas';
import { targetOf } from './targets';

/** Add the commands that compare a run with the one it is best compared with, and that walk through differences. */
export function addCompareCommands(context: ICommandContext): void {
  const { app, models, pages, trans } = context;
  const add = (id: string, kind: CounterpartKind, label: string, caption: string) => {
    app.commands.addCommand(id, {
      label,
      caption,
      icon: compareIcon,
      describedBy: { args: ONE_RUN },
      isEnabled: args => targetOf(models, args) !== null,
      execute: async args => {
        const target = targetOf(models, args);
        if (target) {
          await compareWith(context, target.project, target.run, kind);
        }
      }
    });
  };
  add(
    CommandIDs.compareWithBest,
    'best',
    trans.__('What Changed Since the Best Run'),
    trans.__('Compare with the best run of the experiment, by the metric that has a goal')
  );
  add(
    CommandIDs.compareWithPrevious,
    'previous',
    trans.__('What Changed Since the Previous Run'),
    trans.__('Compare with the run of the same notebook before')
  );
  app.commands.addCommand(CommandIDs.nextDifference, {
    label: trans.__('Next Difference'),
    describedBy: { args: NOTHING },
    execute: () => pages.stepDifference(1)
  });
  app.commands.addCommand(CommandIDs.previousDifference, {
    label: trans.__('Previous Difference'),
    describedBy: { args: NOTHING },
    execute: () => pages.stepDifference(-1)
  });
}

async function compareWith(
  context: ICommandContext,
  project: string,
  run: string,
  kind: CounterpartKind
): Promise<void> {
  const { client, pages } = context;
  try {
    const found = await client.counterpart(project, run, kind);
    if (found.run_id === null) {
      Notification.info(found.message, { autoClose: 10_000 });
      return;
    }
    if (found.reason !== null) {
      Notification.info(found.message, { autoClose: 5000 });
    }
    // What it is compared with comes first.
    await pages.openComparison(project, [found.run_id, run]);
  } catch (error) {
    Notification.error(toApiError(error).message, { autoClose: 8000 });
  }
}
