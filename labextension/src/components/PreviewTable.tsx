import * as React from 'react';

import type { JsonValue } from '../client/types';
import { formatExactValue, formatNumber, formatValue } from '../format';
import { classes, useView } from './view';

/** A table by its first rows, which stand in what was logged: no content is loaded for it. */
export function PreviewTable({ meta }: { meta: Readonly<Record<string, JsonValue>> }): JSX.Element {
  const { trans } = useView();
  const columns = asList(meta.columns).map(readColumn);
  const rows = asList(meta.preview).map(asList);
  const total = typeof meta.rows === 'number' ? meta.rows : rows.length;
  // A very wide table is kept with its first columns.
  const others = typeof meta.more_columns === 'number' ? meta.more_columns : 0;
  const allColumns = columns.length + others;
  const note = trans._n('%1 row', '%1 rows', total);
  const more = total > rows.length ? ` · ${trans.__('the first %1 are shown', rows.length)}` : '';
  return (
    <>
      <div className="trackbook-Scroll" tabIndex={0} role="group" aria-label={trans.__('Table')}>
        <table className="trackbook-Table">
          <thead>
            <tr>
              {columns.map(({ name, type }, place) => (
                <th key={place} scope="col" title={type}>
                  {name}
                  <span className="trackbook-PreviewTable-type">{type}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, place) => (
              <tr key={place}>
                {row.map((value, column) => (
                  <td
                    key={column}
                    className={classes(typeof value === 'number' && 'trackbook-mod-number')}
                    title={value === null ? undefined : formatExactValue(value)}
                  >
                    {value === null ? '–' : formatValue(value)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="trackbook-Quiet">
        {total >= 1e6 ? trans.__('%1 rows', formatNumber(total)) : note}
        {' · '}
        {trans._n('%1 column', '%1 columns', allColumns)}
        {more}
      </p>
    </>
  );
}

function readColumn(value: JsonValue): { name: string; type: string } {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    return { name: formatValue(value.name ?? ''), type: formatValue(value.type ?? '') };
  }
  return { name: formatValue(value), type: '' };
}

function asList(value: JsonValue | undefined): JsonValue[] {
  return Array.isArray(value) ? value : [];
}
