import * as React from 'react';

import type { ICellExecution } from '../client/types';
import { useView } from './view';

/** The prompt of an execution, which leads to it. */
export function CellLink(props: {
  cell: ICellExecution;
  onCell: (order: number) => void;
}): JSX.Element {
  const { trans } = useView();
  const { cell, onCell } = props;
  const prompt = `In [${cell.count ?? ' '}]`;
  return (
    <button
      className="trackbook-Link trackbook-CellLink"
      title={trans.__('Show the cell')}
      aria-label={trans.__('Show the cell %1', prompt)}
      onClick={() => onCell(cell.order)}
    >
      {prompt}
    </button>
  );
}
