import { Notification } from '@jupyterlab/apputils';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { toApiError } from '../client/errors';
import { CommandIDs } from '../commandIds';
import { compareIcon } from '../icons';
import type { ICommandContext } from './context';
import { reproduce } from './reproduction';
import { A_COMPARISON, A_RUN_PAGE, ONE_RUN, SOME_RUNS } from './schemas';
import { openSnapshot } from './snapshotCopy';
import { type ITargets, targetOf, targetsOf, textOf } from './targets';

/** How many runs one request changes. */
const AT_ONCE = 1000;

/** Add the commands that open, compare and remove runs. */
export function addRunCommands(context: ICommandContext): void {
  const { app, models, pages, trans } = context;
  const { commands } = app;
  commands.addCommand(CommandIDs.openRun, {
    label: trans.__('Open Run'),
    describedBy: { args: A_RUN_PAGE },
    isEnabled: args => targetOf(models, args) !== null,
    execute: async args => {
      const target = targetOf(models, args);
      if (target) {
        await pages.openRun(target.project, target.run, textOf(args.tab) ?? undefined);
      }
    }
  });
  commands.addCommand(CommandIDs.compareRuns, {
    label: trans.__('Compare Runs'),
    icon: compareIcon,
    describedBy: { args: A_COMPARISON },
    isEnabled: args => (compared(context, args.runs)?.length ?? 0) > 1,
    execute: async args => {
      const runs = compared(context, args.runs);
      const project = textOf(args.project) ?? models.project.project?.id;
      if (runs && project) {
        await pages.openComparison(project, runs, textOf(args.tab) ?? undefined);
      }
    }
  });
  commands.addCommand(CommandIDs.openSnapshot, {
    label: trans.__('Open Snapshot'),
    caption: trans.__('Write the notebook as it was into a new file beside it, and open that'),
    describedBy: { args: ONE_RUN },
    isEnabled: args => targetOf(models, args) !== null,
    execute: async args => {
      const target = targetOf(models, args);
      if (target) {
        await told(context, () => openSnapshot(context, target.project, target.run));
      }
    }
  });
  commands.addCommand(CommandIDs.reproduceRun, {
    label: trans.__('Reproduce Run'),
    caption: trans.__('Run it again as it was recorded, and compare the results'),
    describedBy: { args: ONE_RUN },
    isEnabled: args => targetOf(models, args) !== null,
    execute: async args => {
      const target = targetOf(models, args);
      if (target) {
        await told(context, () => reproduce(context, target.project, target.run, {}));
      }
    }
  });
  addTrash(context);
}

function addTrash(context: ICommandContext): void {
  const { app, models, pages, trans } = context;
  const isTrash = (args: ReadonlyPartialJSONObject) =>
    args.place === 'table'
      ? (pages.table?.query.scope.trashed ?? false)
      : models.list.scope.kind === 'trash';
  app.commands.addCommand(CommandIDs.trashRun, {
    label: trans.__('Move to Trash'),
    describedBy: { args: SOME_RUNS },
    isVisible: args => !isTrash(args),
    isEnabled: args => !isTrash(args) && targetsOf(models, args) !== null,
    execute: async args => {
      const targets = targetsOf(models, args);
      if (targets) {
        await told(context, () => trash(context, targets));
      }
    }
  });
  app.commands.addCommand(CommandIDs.restoreRun, {
    label: trans.__('Restore from Trash'),
    describedBy: { args: SOME_RUNS },
    isVisible: args => isTrash(args),
    isEnabled: args => targetsOf(models, args) !== null,
    execute: async args => {
      const targets = targetsOf(models, args);
      if (targets) {
        await told(context, () => restore(context, targets));
      }
    }
  });
}

async function trash(context: ICommandContext, { project, runs }: ITargets): Promise<void> {
  const { models, trans } = context;
  const changed = await change(context, { project, runs }, 'trash');
  models.selection.remove(changed);
  if (!changed.length) {
    return;
  }
  const text = trans._n(
    '%1 run moved to the trash.',
    '%1 runs moved to the trash.',
    changed.length
  );
  const undone = { project, runs: changed };
  Notification.info(text, {
    autoClose: 10_000,
    actions: [
      {
        label: trans.__('Undo'),
        callback: () => void told(context, () => restore(context, undone))
      }
    ]
  });
}

async function restore(context: ICommandContext, targets: ITargets): Promise<void> {
  await change(context, targets, 'restore');
}

/** Do something with any number of runs; returns those that are not as they were, and tells of those that stayed. */
async function change(
  context: ICommandContext,
  { project, runs }: ITargets,
  action: 'trash' | 'restore'
): Promise<string[]> {
  const { client, models, pages, trans } = context;
  const changed: string[] = [];
  const failed: { message: string }[] = [];
  try {
    for (let start = 0; start < runs.length; start += AT_ONCE) {
      const part = runs.slice(start, start + AT_ONCE);
      const result = await client.runTable.bulk(project, { runs: part, action });
      changed.push(...result.changed);
      failed.push(...result.failed);
    }
  } finally {
    void models.list.refresh();
    if (pages.table?.project === project) {
      pages.table.table.refresh();
    }
  }
  if (failed.length) {
    const text = trans._n(
      '%1 run stayed as it was: %2',
      '%1 runs stayed as they were: %2',
      failed.length,
      failed[0].message
    );
    Notification.error(text, { autoClose: 8000 });
  }
  return changed;
}

/** Do it, or tell the user why it could not be done. */
async function told(context: ICommandContext, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    Notification.error(toApiError(error).message, { autoClose: 8000 });
    await context.models.list.refresh();
  }
}

function compared(context: ICommandContext, named: unknown): readonly string[] | null {
  if (Array.isArray(named)) {
    return named.filter((id): id is string => textOf(id) !== null);
  }
  return context.models.selection.size > 1 ? context.models.selection.ids : null;
}
