import * as React from 'react';

import { formatNumber } from '../format';
import type { IConfusion } from '../models/content';
import { classes, useView } from './view';

/** From this share of its row on, a field is so dark that its number is written in the ground's colour. */
const DARK = 0.55;

/** With more classes than these a card holds the matrix only with small fields. */
const COMFORTABLE = 6;

/** A confusion matrix as a table, each field shaded by its share of the row; readers hear it as a table. */
export function ConfusionMatrix(props: { matrix: IConfusion; colour: string }): JSX.Element {
  const { trans } = useView();
  const { labels, counts } = props.matrix;
  const sums = counts.map(row => row.reduce((sum, count) => sum + count, 0));
  const total = sums.reduce((sum, count) => sum + count, 0);
  const hits = counts.reduce((sum, row, place) => sum + row[place], 0);
  return (
    <>
      <div className="trackbook-Scroll">
        <table
          className={classes(
            'trackbook-Confusion',
            labels.length > COMFORTABLE && 'trackbook-mod-dense'
          )}
          style={{ '--trackbook-shade': `var(${props.colour})` } as React.CSSProperties}
        >
          <thead>
            <tr>
              <th scope="col" className="trackbook-Quiet">
                {trans.__('true ↓ predicted →')}
              </th>
              {labels.map((label, place) => (
                <th key={place} scope="col" title={label}>
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {counts.map((row, place) => (
              <tr key={place}>
                <th scope="row" title={labels[place]}>
                  {labels[place]}
                </th>
                {row.map((count, column) => {
                  const share = sums[place] > 0 ? count / sums[place] : 0;
                  return (
                    <td
                      key={column}
                      className={classes(share > DARK && 'trackbook-mod-dark')}
                      style={{ '--trackbook-share': `${share * 100}%` } as React.CSSProperties}
                      title={trans.__(
                        '%1 predicted as %2: %3 (%4 % of the row)',
                        labels[place],
                        labels[column],
                        count,
                        formatNumber(Math.round(share * 1000) / 10)
                      )}
                    >
                      {count}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {total > 0 && (
        <p className="trackbook-Quiet">
          {trans.__('%1 of %2 right', formatNumber(hits), formatNumber(total))}
        </p>
      )}
    </>
  );
}
