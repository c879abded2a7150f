import type { Layout } from 'plotly.js';

/** Reads a CSS custom property where the chart is. */
export type ReadVariable = (name: string) => string;

/** What the layouts of all charts have in common; sizes in pixels. */
export function baseLayout(width: number, height: number, read: ReadVariable): Partial<Layout> {
  const grid = { gridcolor: read('--jp-border-color2'), zerolinecolor: read('--jp-border-color1') };
  return {
    width,
    height,
    margin: { l: 52, r: 12, t: 6, b: 36 },
    paper_bgcolor: 'transparent',
    plot_bgcolor: 'transparent',
    font: { color: read('--jp-ui-font-color1'), family: read('--jp-ui-font-family'), size: 11 },
    showlegend: false,
    hoverlabel: {
      bgcolor: read('--jp-layout-color1'),
      font: { color: read('--jp-ui-font-color1'), size: 11 }
    },
    xaxis: { ...grid },
    yaxis: { ...grid }
  };
}

/** A sign of the line with which the series at this place is drawn. */
export function dashSign(place: number): string {
  const signs = ['—', '- -', '···', '-·-'];
  return signs[place % signs.length];
}

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
