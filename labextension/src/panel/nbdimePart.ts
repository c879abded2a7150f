/** nbdime's components for cells; they come as a part of their own, when the first cell is opened. */
import type * as nbformat from '@jupyterlab/nbformat';
import {
  type CellDiffModel,
  createAddedCellDiffModel,
  createDeletedCellDiffModel,
  createPatchedCellDiffModel
} from 'nbdime/lib/diff/model/cell';

import type { ICellComparison } from '../client/differences';

import 'nbdime/lib/styles/variables.css';
import 'nbdime/lib/styles/common.css';
import 'nbdime/lib/styles/diff.css';
import 'nbdime/lib/common/collapsible.css';
import 'nbdime/lib/upstreaming/flexpanel.css';

export { CellDiffWidget } from 'nbdime/lib/diff/widget/cell';

/** What nbdime's component draws of a cell that one of two runs has, or both. */
export function modelOf(comparison: ICellComparison, mimetype: string): CellDiffModel {
  const { left, right, diff } = comparison;
  if (left && right) {
    // A cell that became one of another kind is drawn as the new one in place of the old.
    return left.cell_type === right.cell_type
      ? createPatchedCellDiffModel(left, diff, mimetype)
      : createPatchedCellDiffModel(asText(left, right), replaced(left, right), mimetype);
  }
  return left
    ? createDeletedCellDiffModel(left, mimetype)
    : createAddedCellDiffModel(right!, mimetype);
}

function asText(left: nbformat.ICell, right: nbformat.ICell): nbformat.ICell {
  return { ...left, cell_type: 'raw', metadata: right.metadata, source: left.source };
}

function replaced(left: nbformat.ICell, right: nbformat.ICell) {
  if (left.source === right.source) {
    return [];
  }
  const before = String(left.source).split(/(?<=\n)/);
  const after = String(right.source).split(/(?<=\n)/);
  return [
    {
      op: 'patch' as const,
      key: 'source',
      diff: [
        { op: 'addrange' as const, key: 0, valuelist: after },
        { op: 'removerange' as const, key: 0, length: before.length }
      ]
    }
  ];
}
