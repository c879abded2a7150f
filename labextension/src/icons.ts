import { LabIcon } from '@jupyterlab/ui-components';

/** The sidebar's icon: a curve above a base line. */
export const runsIcon = new LabIcon({
  name: 'trackbook:runs',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3 jp-icon-selectable" fill="none" stroke="#616161" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round">
    <path d="M4 4v16h16"/><path d="M8 15l3.5-5 3 3L20 6"/>
  </g>
</svg>`
});

/** Two columns: a comparison. */
export const compareIcon = new LabIcon({
  name: 'trackbook:compare',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="none" stroke="#616161" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round">
    <rect x="4" y="4" width="6.5" height="16" rx="1"/><rect x="13.5" y="4" width="6.5" height="16" rx="1"/>
  </g>
</svg>`
});

/** Rows and columns: the run table. */
export const tableIcon = new LabIcon({
  name: 'trackbook:table',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="none" stroke="#616161" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">
    <path d="M3.5 4.5h17M20.5 4.5v15M20.5 19.5h-17M3.5 19.5v-15M3.5 9.5h17M3.5 14.5h17M9.5 4.5v15"/>
  </g>
</svg>`
});

/** A page with an arrow: a notebook that runs without anybody watching. */
export const jobIcon = new LabIcon({
  name: 'trackbook:job',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="none" stroke="#616161" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">
    <path d="M6 3h8l4 4v5M6 3v18h5"/><path d="M14 14.5v6.5l6-3.25z" fill="#616161"/>
  </g>
</svg>`
});

/** Dots in a field, one of them larger: trials, and the best of them. */
export const sweepIcon = new LabIcon({
  name: 'trackbook:sweep',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161">
    <circle cx="6" cy="17" r="2"/><circle cx="11" cy="12" r="2"/><circle cx="19" cy="18" r="2"/><circle cx="6" cy="6" r="2"/><circle cx="17" cy="7" r="4"/>
  </g>
</svg>`
});

/** A shape for each severity: they are told apart without their colours, too. */
export const severityIcons = {
  error: severityIcon(
    'error',
    '<circle cx="8" cy="8" r="6.2" fill="currentColor" stroke="none"/><path class="trackbook-Severity-sign" d="M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8"/>'
  ),
  warning: severityIcon(
    'warning',
    '<path fill="currentColor" stroke="currentColor" stroke-width="1.6" d="M8 2.4L14.2 13.2H1.8z"/><path class="trackbook-Severity-sign" d="M8 6.2v3.4M8 11.6v.1"/>'
  ),
  info: severityIcon(
    'info',
    '<circle cx="8" cy="8" r="5.6" fill="none" stroke="currentColor" stroke-width="1.5"/><path fill="none" stroke="currentColor" d="M8 7.4v3.4M8 5v.1"/>'
  )
};

function severityIcon(name: string, shapes: string): LabIcon {
  return new LabIcon({
    name: `trackbook:severity-${name}`,
    svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="14" height="14" viewBox="0 0 16 16" stroke-linecap="round" stroke-linejoin="round" stroke-width="1.7">${shapes}</svg>`
  });
}
