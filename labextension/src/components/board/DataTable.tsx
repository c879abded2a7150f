import * as React from 'react';

import type { JsonValue } from '../../client/types';
import { formatExactValue, formatValue } from '../../format';
import { classes, useView } from '../view';
import type { IChartReport } from './chartKinds';

/** Beyond this many rows the table says how many there are, and the file holds them all. */
const MOST_ROWS = 200;

/** A chart's data as a table, for whoever reads better than they see. */
export function DataTable(props: {
  report: IChartReport;
  label: string;
  height: number;
}): JSX.Element {
  const { trans } = useView();
  const { report, label, height } = props;
  const rows = React.useMemo(() => report.rows(), [report]);
  return (
    <div
      className="trackbook-Board-data"
      style={{ height }}
      tabIndex={0}
      role="group"
      aria-label={label}
    >
      <table className="trackbook-Table">
        <thead>
          <tr>
            {report.columns.map((column, place) => (
              <th key={place} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST_ROWS).map((row, place) => (
            <tr key={place}>
              {row.map((value, column) => (
                <td
                  key={column}
                  className={classes(typeof value === 'number' && 'trackbook-mod-number')}
                  title={value === null ? undefined : exact(value)}
                >
                  {value === null ? '–' : short(value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MOST_ROWS && (
        <p className="trackbook-Quiet">
          {trans.__(
            'The first %1 of %2 rows; the CSV file holds all of them.',
            MOST_ROWS,
            rows.length
          )}
        </p>
      )}
    </div>
  );
}

function short(value: JsonValue): string {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : formatValue(value);
}

function exact(value: JsonValue): string {
  return typeof value === 'number' ? String(value) : formatExactValue(value);
}
