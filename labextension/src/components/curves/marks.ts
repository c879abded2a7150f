/** Mark a moment for who measures. Only the last one of a name is kept, so that marks take no memory. */
export function mark(name: 'curves-opened' | 'curves-painted' | 'curves-zoomed'): void {
  // Some places where components are tested can't mark.
  performance.clearMarks?.(`trackbook:${name}`);
  performance.mark?.(`trackbook:${name}`);
}
