import * as React from 'react';

import type { IRunDetail } from '../client/types';
import { formatMoment } from '../format';
import { executionAt } from '../models/executionAt';
import { CellLink } from './CellLink';
import { useView } from './view';

/** The seeds that were set; a run without one says so, for it can't be repeated to the digit. */
export function Seeds(props: { detail: IRunDetail; onCell: (order: number) => void }): JSX.Element {
  const { trans } = useView();
  const { detail, onCell } = props;
  if (!detail.seeds.length) {
    return (
      <p className="trackbook-Quiet">
        {trans.__('No seed was set: %track seed 42 sets and records one.')}
      </p>
    );
  }
  return (
    <table className="trackbook-Table">
      <thead>
        <tr>
          <th scope="col" className="trackbook-mod-number">
            {trans.__('Seed')}
          </th>
          <th scope="col">{trans.__('Libraries')}</th>
          <th scope="col">{trans.__('Cell')}</th>
        </tr>
      </thead>
      <tbody>
        {detail.seeds.map(({ seed, libraries, at, cell_id }, place) => {
          const execution = executionAt(detail.cells, cell_id, at);
          return (
            <tr key={place}>
              <td className="trackbook-mod-number">{seed}</td>
              <td title={formatMoment(at)}>{libraries.join(', ') || '–'}</td>
              <td>{execution ? <CellLink cell={execution} onCell={onCell} /> : '–'}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
