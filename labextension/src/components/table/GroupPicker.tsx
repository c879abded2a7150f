import * as React from 'react';

import type { TablePage } from '../../models/table/tablePage';
import { AGGREGATIONS, type Aggregation, MAX_GROUPING } from '../../models/table/tableSpec';
import { useModel, useView } from '../view';
import { CellContents } from './cellContent';

const ATTRIBUTES = ['experiment', 'status', 'notebook', 'user', 'host', 'group'];

/** Chooses by what runs are grouped, and what is shown of the numbers in a group. */
export function GroupPicker({ page }: { page: TablePage }): JSX.Element {
  const { trans } = useView();
  const { table } = page;
  useModel(table);
  const contents = new CellContents(table, trans);
  const { groupBy } = table;
  const choices = [
    ...table.known
      .filter(({ kind }) => kind === 'param' || kind === 'tag' || kind === 'data')
      .map(({ column }) => column),
    ...ATTRIBUTES
  ];
  const set = (place: number, column: string) => {
    const next = [...groupBy];
    next.splice(place, 1, ...(column ? [column] : []));
    table.setGroupBy(next);
  };
  const places = Math.min(groupBy.length + 1, MAX_GROUPING);
  return (
    <div className="trackbook-Groups">
      {Array.from({ length: places }, (_, place) => (
        <label key={place}>
          {place === 0 ? trans.__('Group by') : trans.__('then by')}
          <select
            className="trackbook-Select"
            value={groupBy[place] ?? ''}
            onChange={event => set(place, event.target.value)}
          >
            <option value="">{trans.__('nothing')}</option>
            {[...new Set([...choices, ...groupBy])].map(column => (
              <option key={column} value={column}>
                {column}
              </option>
            ))}
          </select>
        </label>
      ))}
      {table.isGrouped && (
        <label>
          {trans.__('Show of numbers')}
          <select
            className="trackbook-Select"
            value={table.aggregation}
            onChange={event => table.setAggregation(event.target.value as Aggregation)}
          >
            {AGGREGATIONS.map(name => (
              <option key={name} value={name}>
                {contents.aggregationWord(name)}
              </option>
            ))}
          </select>
        </label>
      )}
    </div>
  );
}
