import { Clipboard } from '@jupyterlab/apputils';
import { refreshIcon } from '@jupyterlab/ui-components';

import { CommandIDs } from '../commandIds';
import type { EditedField } from '../models/listState';
import type { ICommandContext } from './context';
import { NOTHING, ONE_RUN } from './schemas';
import { targetOf } from './targets';

/** Add the commands of the list itself: refresh, search, edit in place, selection. */
export function addListCommands(context: ICommandContext): void {
  const { app, models, trans } = context;
  const { commands } = app;
  const { list, listState, selection } = models;
  commands.addCommand(CommandIDs.refreshRuns, {
    label: trans.__('Refresh Runs'),
    icon: refreshIcon,
    describedBy: { args: NOTHING },
    execute: async () => {
      await Promise.all([models.project.refresh(), list.refresh(), models.jobs.refresh()]);
    }
  });
  commands.addCommand(CommandIDs.searchRuns, {
    label: trans.__('Search Runs'),
    describedBy: { args: NOTHING },
    execute: async () => {
      await commands.execute(CommandIDs.showRuns);
      listState.focusSearch();
    }
  });
  commands.addCommand(CommandIDs.clearSelection, {
    label: trans.__('Clear the Selection of Runs'),
    describedBy: { args: NOTHING },
    isEnabled: () => selection.size > 0,
    execute: () => selection.clear()
  });
  commands.addCommand(CommandIDs.copyRunId, {
    label: trans.__('Copy Run Id'),
    describedBy: { args: ONE_RUN },
    isEnabled: args => targetOf(models, args) !== null,
    execute: args => {
      const target = targetOf(models, args);
      if (target) {
        Clipboard.copyToSystem(target.run);
      }
    }
  });
  addEdit(context, CommandIDs.renameRun, 'name', trans.__('Rename Run'));
  addEdit(context, CommandIDs.editTags, 'tags', trans.__('Edit Tags'));
  addEdit(context, CommandIDs.editNotes, 'notes', trans.__('Edit Notes'));
}

function addEdit(context: ICommandContext, id: string, field: EditedField, label: string): void {
  const { app, models } = context;
  app.commands.addCommand(id, {
    label,
    describedBy: { args: ONE_RUN },
    isEnabled: args => targetOf(models, args) !== null,
    execute: args => {
      const target = targetOf(models, args);
      if (target) {
        models.listState.edit(target.run, field);
      }
    }
  });
}
