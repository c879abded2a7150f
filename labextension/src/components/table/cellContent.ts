import type { TranslationBundle } from '@jupyterlab/translation';

import type { ColumnType, IAggregate, IRunGroup } from '../../client/table';
import type { RunStatus } from '../../client/types';
import { formatDuration, formatNumber } from '../../format';
import {
  cellText,
  guessType,
  hoverText,
  isRightAligned,
  numberText,
  usualFormat
} from '../../models/table/cellText';
import { type IColumn, sparkKey } from '../../models/table/columns';
import { type ITableRow, valueOf } from '../../models/table/rowRequest';
import type { TableModel } from '../../models/table/tableModel';
import type { Entry } from '../../models/table/tableRows';
import type { Aggregation } from '../../models/table/tableSpec';
import { statusWord } from '../Status';
import type { DrawnColumn } from './gridColumns';

/** What a cell says, drawn or read aloud. */
export interface ICellContent {
  /** The text; null while it is on its way. */
  readonly text: string | null;
  /** What is shown on hover. */
  readonly full: string;
  readonly isRight: boolean;
}

const NOTHING: ICellContent = { text: '', full: '', isRight: false };

/** Says what stands in the cells of the table. */
export class CellContents {
  constructor(
    private readonly _table: TableModel,
    private readonly _trans: TranslationBundle
  ) {}

  /** What stands in a row's cell of a column. */
  of(entry: Entry | null, drawn: DrawnColumn, now: number): ICellContent {
    if (!entry) {
      return { ...NOTHING, text: null };
    }
    if (drawn.kind === 'select') {
      return NOTHING;
    }
    if (drawn.kind === 'group') {
      return entry.kind === 'group' ? this.group(entry.group) : NOTHING;
    }
    const { column } = drawn;
    if (entry.kind === 'group') {
      return drawn.kind === 'spark' ? NOTHING : this._aggregate(entry.group, column);
    }
    return drawn.kind === 'spark'
      ? this._curve(entry.row, column)
      : this._value(entry.row, column, now);
  }

  /** What a column holds. */
  typeOf(column: string): ColumnType | null {
    return this._table.info(column)?.type ?? guessType(column);
  }

  /** Whether a column's values stand at its right. */
  isRight(column: string): boolean {
    return isRightAligned(this.typeOf(column));
  }

  /** The name of a group: the values that its runs share. */
  group(group: IRunGroup): ICellContent {
    const trans = this._trans;
    const text = this._table.groupBy
      .map((column, place) => {
        const value = group.values[place];
        return value === null
          ? trans.__('none')
          : cellText(value, this.typeOf(column), usualFormat(column), Date.now());
      })
      .join(' · ');
    const names = this._table.groupBy.map((column, place) => {
      const value = group.values[place];
      return `${column} = ${value === null ? trans.__('none') : hoverText(value, this.typeOf(column))}`;
    });
    const runs = trans._n('%1 run', '%1 runs', group.count);
    return { text: `${text} (${group.count})`, full: [...names, runs].join('\n'), isRight: false };
  }

  /** The word for what is shown of the numbers of groups. */
  aggregationWord(aggregation: Aggregation): string {
    const trans = this._trans;
    const words: Readonly<Record<Aggregation, string>> = {
      mean: trans.__('Mean'),
      min: trans.__('Minimum'),
      max: trans.__('Maximum'),
      std: trans.__('Standard deviation'),
      count: trans.__('Number of values')
    };
    return words[aggregation];
  }

  private _value(row: ITableRow, { column, format }: IColumn, now: number): ICellContent {
    const type = this.typeOf(column);
    const isRight = isRightAligned(type);
    const value = valueOf(row, column);
    if (value === undefined) {
      return { text: null, full: '', isRight };
    }
    if (column === 'status' && typeof value === 'string') {
      const text = statusWord(value as RunStatus, this._trans);
      return { text, full: text, isRight };
    }
    if (column === 'duration' && value === null && valueOf(row, 'status') === 'running') {
      const seconds = (now - Date.parse(valueOf(row, 'started') as string)) / 1000;
      const text = formatDuration(Math.max(1, Math.floor(seconds)));
      return { text, full: text, isRight };
    }
    const text = cellText(value, type, format ?? usualFormat(column), now);
    return { text, full: hoverText(value, type), isRight };
  }

  private _curve(row: ITableRow, { column }: IColumn): ICellContent {
    const values = row.sparks[sparkKey(column) ?? ''];
    if (values === undefined) {
      return { ...NOTHING, text: null };
    }
    if (!values?.length) {
      return NOTHING;
    }
    const [first, last] = [values[0], values[values.length - 1]].map(formatNumber);
    const text = this._trans.__('from %1 to %2', first, last);
    return { text, full: text, isRight: false };
  }

  private _aggregate(group: IRunGroup, { column, format }: IColumn): ICellContent {
    const numbers = this._table.aggregate(group, column);
    const type = this.typeOf(column);
    // A run's number is its name: the mean of some says nothing.
    if (!numbers?.count || column === 'number') {
      return { ...NOTHING, isRight: isRightAligned(type) };
    }
    const { aggregation } = this._table;
    const value = numbers[aggregation];
    const text =
      value === null ? '' : numberText(value, aggregation === 'count' ? 'number' : type, format);
    return { text, full: this._numbers(numbers), isRight: true };
  }

  private _numbers(numbers: IAggregate): string {
    const names: readonly Aggregation[] = ['mean', 'std', 'min', 'max', 'count'];
    return names
      .filter(name => numbers[name] !== null)
      .map(name => `${this.aggregationWord(name)}: ${numbers[name]}`)
      .join('\n');
  }
}
