/** The pages about jobs; they come as a part of their own, when the first one is opened. */
export { JobPanel } from './jobPanel';
export { JobsPanel } from './jobsPanel';
export { SweepPanel } from './sweepPanel';
