import { addChartKind } from '../chartKinds';
import { barsKind } from './bars';
import { confusionKind, mediaKind, tablesKind } from './beside';
import { calibrationKind, prKind, rocKind } from './classifier';
import { contourKind } from './contour';
import { correlationKind } from './correlation';
import { curvesKind } from './curves';
import { boxKind, histogramKind } from './distribution';
import { importanceKind } from './importance';
import { parallelKind } from './parallel';
import { scatterKind } from './scatter';

/** All kinds of charts that Trackbook's board has, in the order in which they are offered. */
const KINDS = [
  curvesKind,
  scatterKind,
  parallelKind,
  barsKind,
  boxKind,
  histogramKind,
  contourKind,
  importanceKind,
  correlationKind,
  confusionKind,
  rocKind,
  prKind,
  calibrationKind,
  mediaKind,
  tablesKind
];

/** Make them known. */
export function addOwnKinds(): void {
  KINDS.forEach(addChartKind);
}
