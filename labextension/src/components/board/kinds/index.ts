import { addChartKind } from '../chartKinds';
import { scatterKind } from './scatter';

/** All kinds of charts that Trackbook has, in the order in which they are offered. */
[scatterKind].forEach(addChartKind);
