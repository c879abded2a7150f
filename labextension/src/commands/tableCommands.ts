import { Clipboard } from '@jupyterlab/apputils';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { CommandIDs } from '../commandIds';
import { tableIcon } from '../icons';
import type { NumberFormat } from '../models/table/columns';
import { toggleSort } from '../models/table/order';
import type { TablePage } from '../models/table/tablePage';
import { MAX_GROUPING } from '../models/table/tableSpec';
import type { ICommandContext } from './context';
import {
  A_CHARTS_PLACE,
  A_COLUMN,
  A_COPY,
  A_FIELD,
  A_FORMAT,
  A_MOVE,
  A_SORT,
  A_TABLE,
  NOTHING
} from './schemas';
import { textOf } from './targets';

/** Add the commands of the run table. */
export function addTableCommands(context: ICommandContext): void {
  const { app, models, pages, trans } = context;
  const { commands } = app;
  const isOpen = () => pages.table !== null;
  commands.addCommand(CommandIDs.openTable, {
    label: trans.__('Compare Runs in a Table'),
    caption: trans.__('Show the runs of the project as a table, with charts beside it'),
    icon: tableIcon,
    describedBy: { args: A_TABLE },
    isEnabled: args => (textOf(args.project) ?? models.project.project) !== null,
    execute: async args => {
      const project = textOf(args.project) ?? models.project.project?.id;
      if (project) {
        await pages.openTable(project, textOf(args.view) ?? undefined);
      }
    }
  });
  commands.addCommand(CommandIDs.copyTable, {
    label: args =>
      args.format === 'markdown' ? trans.__('Copy Runs as Markdown') : trans.__('Copy Runs as CSV'),
    describedBy: { args: A_COPY },
    isEnabled: isOpen,
    execute: async args => {
      const format = args.format === 'markdown' ? 'markdown' : 'csv';
      const text = (await pages.table?.copy(format)) ?? null;
      if (text !== null) {
        Clipboard.copyToSystem(text);
      }
    }
  });
  commands.addCommand(CommandIDs.selectAllRuns, {
    label: trans.__('Select All Runs of the Table'),
    describedBy: { args: NOTHING },
    isEnabled: isOpen,
    execute: () => pages.table?.selectAll()
  });
  commands.addCommand(CommandIDs.searchTable, {
    label: trans.__('Search in the Table'),
    describedBy: { args: NOTHING },
    isEnabled: isOpen,
    execute: () => pages.table?.focusSearch()
  });
  commands.addCommand(CommandIDs.placeCharts, {
    label: args => {
      const labels: Readonly<Record<string, string>> = {
        right: trans.__('Charts at the Right of the Table'),
        below: trans.__('Charts Below the Table')
      };
      return labels[textOf(args.place) ?? ''] ?? trans.__('No Charts Beside the Table');
    },
    describedBy: { args: A_CHARTS_PLACE },
    isEnabled: isOpen,
    execute: args =>
      pages.table?.placeCharts(
        args.place === 'right' || args.place === 'below' ? args.place : 'hidden'
      )
  });
  commands.addCommand(CommandIDs.editCell, {
    label: args => {
      const labels: Readonly<Record<string, string>> = {
        name: trans.__('Rename Run'),
        tags: trans.__('Edit Tags'),
        notes: trans.__('Edit Notes')
      };
      return labels[textOf(args.field) ?? ''] ?? trans.__('Edit');
    },
    describedBy: { args: A_FIELD },
    isEnabled: () => (pages.table?.cursor.run ?? null) !== null,
    execute: args => {
      const page = pages.table;
      const run = page?.cursor.run;
      if (page && run) {
        const { field } = args;
        if (field === 'name' || field === 'tags' || field === 'notes') {
          void page.editing.begin(run, { kind: field });
        } else {
          page.edit(run, page.pointed ?? 'name');
        }
      }
    }
  });
  addColumnCommands(context);
}

function addColumnCommands({ app, pages, trans }: ICommandContext): void {
  const { commands } = app;
  const columnOf = (args: ReadonlyPartialJSONObject) =>
    textOf(args.column) ?? pages.table?.pointed ?? null;
  const add = (
    id: string,
    options: {
      label: string | ((args: ReadonlyPartialJSONObject) => string);
      schema: typeof A_COLUMN;
      isToggled?(page: TablePage, column: string, args: ReadonlyPartialJSONObject): boolean;
      isEnabled?(page: TablePage, column: string): boolean;
      execute(page: TablePage, column: string, args: ReadonlyPartialJSONObject): void;
    }
  ) => {
    const at = (args: ReadonlyPartialJSONObject) => {
      const column = columnOf(args);
      return pages.table && column !== null ? { page: pages.table, column } : null;
    };
    const { isToggled, isEnabled } = options;
    commands.addCommand(id, {
      label: options.label,
      describedBy: { args: options.schema },
      isEnabled: args => {
        const place = at(args);
        return place !== null && (isEnabled?.(place.page, place.column) ?? true);
      },
      ...(isToggled && {
        isToggleable: true,
        isToggled: (args: ReadonlyPartialJSONObject) => {
          const place = at(args);
          return place !== null && isToggled(place.page, place.column, args);
        }
      }),
      execute: args => {
        const place = at(args);
        if (place) {
          options.execute(place.page, place.column, args);
        }
      }
    });
  };
  add(CommandIDs.sortColumn, {
    label: args => {
      if (args.add) {
        return trans.__('Sort by This, Too');
      }
      return args.desc ? trans.__('Sort From High to Low') : trans.__('Sort From Low to High');
    },
    schema: A_SORT,
    isEnabled: (_, column) => !column.startsWith('spark('),
    execute: ({ table }, column, args) =>
      table.setSort(
        args.add
          ? toggleSort(table.sort, column, true)
          : [{ column, isReverse: args.desc === true }]
      )
  });
  add(CommandIDs.pinColumn, {
    label: trans.__('Pin at the Left'),
    schema: A_COLUMN,
    isToggled: ({ table }, column) => table.columns.find(column)?.isPinned ?? false,
    execute: ({ table }, column) =>
      table.columns.pin(column, !(table.columns.find(column)?.isPinned ?? false))
  });
  add(CommandIDs.moveColumn, {
    label: args =>
      args.step === -1 ? trans.__('Move to the Left') : trans.__('Move to the Right'),
    schema: A_MOVE,
    execute: ({ table }, column, args) => {
      const from = table.columns.columns.findIndex(item => item.column === column);
      table.columns.move(from, from + (args.step === -1 ? -1 : 1));
    }
  });
  add(CommandIDs.hideColumn, {
    label: trans.__('Hide Column'),
    schema: A_COLUMN,
    execute: ({ table }, column) => table.columns.remove(column)
  });
  add(CommandIDs.groupByColumn, {
    label: trans.__('Group by This'),
    schema: A_COLUMN,
    isToggled: ({ table }, column) => table.groupBy.includes(column),
    isEnabled: ({ table }, column) =>
      !column.startsWith('spark(') &&
      (table.groupBy.includes(column) || table.groupBy.length < MAX_GROUPING),
    execute: ({ table }, column) =>
      table.setGroupBy(
        table.groupBy.includes(column)
          ? table.groupBy.filter(other => other !== column)
          : [...table.groupBy, column]
      )
  });
  add(CommandIDs.formatColumn, {
    label: args => {
      const digits = /^digits:(\d+)$/.exec(textOf(args.format) ?? '');
      if (digits) {
        return trans.__('%1 Significant Digits', digits[1]);
      }
      const labels: Readonly<Record<string, string>> = {
        percent: trans.__('Per Cent'),
        duration: trans.__('Duration'),
        exact: trans.__('All Digits')
      };
      return labels[textOf(args.format) ?? ''] ?? trans.__('As Suits the Column');
    },
    schema: A_FORMAT,
    isEnabled: ({ table }, column) => table.isNumeric(column),
    isToggled: ({ table }, column, args) =>
      (table.columns.find(column)?.format ?? null) === (args.format ?? null),
    execute: ({ table }, column, args) =>
      table.columns.setFormat(column, (textOf(args.format) as NumberFormat) ?? null)
  });
}
