import type { Data } from 'plotly.js';

import type { ITableColumn } from '../../../client/table';
import { numberOf } from '../../../client/board';
import { formatNumber } from '../../../format';
import type { ColoursModel } from '../../../models/colours';
import type { IPlot } from '../../PlotBox';
import { escapeHtml, type ReadVariable } from '../../traces';
import { axesLayout, axisOf, axisTitle, runColours, scaleOf, wordColours } from '../axes';
import { columnOf, isNumeric, labelsOf, shortName, textOf } from '../frames';
import type { INamedFrame } from '../useSourced';

/** Which columns a scatter plot draws; empty ones are none. */
export interface IScatter {
  x: string;
  y: string;
  size: string;
  colour: string;
  /** Whether an axis is logarithmic; null: as suits its values. */
  isLogX: boolean | null;
  isLogY: boolean | null;
}

export interface IScatterDrawing {
  width: number;
  height: number;
  read: ReadVariable;
  colours: ColoursModel;
  columns: readonly ITableColumn[];
  /** The runs that stand out; all do where there is none. */
  marked: ReadonlySet<string>;
  isDark: boolean;
  drag: 'zoom' | 'lasso';
}

const SMALLEST = 5;
const LARGEST = 22;

/** A dot for each run that has both values. */
export function scatterPlot(
  frame: INamedFrame,
  what: IScatter,
  drawing: IScatterDrawing
): IPlot | null {
  const [xs, ys] = [columnOf(frame, what.x), columnOf(frame, what.y)];
  if (!xs || !ys) {
    return null;
  }
  const { read, columns } = drawing;
  const info = (name: string) => columns.find(({ column }) => column === name);
  const x = axisOf(xs, what.isLogX, info(what.x));
  const y = axisOf(ys, what.isLogY, info(what.y));
  const shown = frame.ids
    .map((_, place) => place)
    .filter(i => x.values[i] !== null && y.values[i] !== null);
  const trace: Data = {
    type: 'scatter',
    mode: 'markers',
    x: shown.map(i => x.values[i]),
    y: shown.map(i => y.values[i]),
    ids: shown.map(i => frame.ids[i]),
    text: hoverTexts(frame, what, shown),
    marker: {
      ...coloursOf(frame, what, shown, drawing),
      size: sizesOf(frame, what.size, shown),
      opacity: opacities(frame, shown, drawing.marked),
      line: { width: 0.5, color: read('--jp-layout-color1') }
    },
    hovertemplate: '%{text}<extra></extra>'
  };
  const layout = axesLayout(
    drawing,
    read,
    {
      x: { ...axisTitle(shortName(what.x)), type: x.type },
      y: { ...axisTitle(shortName(what.y)), type: y.type }
    },
    JSON.stringify([what.x, what.y, what.isLogX, what.isLogY])
  );
  return { data: [trace], layout: { ...layout, dragmode: drawing.drag } };
}

/** The ids of the runs at these places of the drawn dots. */
export function scatterIds(data: { ids?: readonly string[] }, points: readonly number[]): string[] {
  return points.map(point => data.ids?.[point] ?? '').filter(Boolean);
}

function coloursOf(
  frame: INamedFrame,
  what: IScatter,
  shown: readonly number[],
  drawing: IScatterDrawing
): Record<string, unknown> {
  const { read, colours, isDark } = drawing;
  const values = what.colour ? columnOf(frame, what.colour) : null;
  if (!values) {
    return {
      color: runColours(
        shown.map(i => frame.ids[i]),
        colours,
        read
      )
    };
  }
  if (isNumeric(values)) {
    return {
      color: shown.map(i => numberOf(values[i])),
      colorscale: scaleOf(isDark),
      showscale: true,
      colorbar: {
        thickness: 10,
        outlinewidth: 0,
        title: { text: shortName(what.colour), side: 'right' }
      }
    };
  }
  const words = [...new Set(values.map(textOf))].sort();
  const palette = wordColours(words, read);
  return { color: shown.map(i => palette.get(textOf(values[i]))) };
}

/** The area of a dot grows with the value; a run without one is smallest. */
function sizesOf(frame: INamedFrame, column: string, shown: readonly number[]): number | number[] {
  const values = column ? columnOf(frame, column) : null;
  if (!values) {
    return shown.length > 1000 ? 5 : 8;
  }
  const numbers = shown.map(i => numberOf(values[i]));
  const known = numbers.filter(
    (value): value is number => value !== null && Number.isFinite(value)
  );
  const least = Math.min(...known);
  const range = Math.max(...known) - least || 1;
  return numbers.map(value => {
    const share = value !== null && Number.isFinite(value) ? (value - least) / range : 0;
    return Math.sqrt(SMALLEST ** 2 + share * (LARGEST ** 2 - SMALLEST ** 2));
  });
}

function opacities(
  frame: INamedFrame,
  shown: readonly number[],
  marked: ReadonlySet<string>
): number | number[] {
  return marked.size ? shown.map(i => (marked.has(frame.ids[i]) ? 1 : 0.25)) : 0.85;
}

function hoverTexts(frame: INamedFrame, what: IScatter, shown: readonly number[]): string[] {
  const labels = labelsOf(frame);
  const names = columnOf(frame, 'name');
  const told = [...new Set([what.x, what.y, what.size, what.colour])].filter(Boolean);
  const values = told.map(column => columnOf(frame, column));
  return shown.map(i => {
    const name = names?.[i];
    const lines = told.map((column, k) => {
      const value = values[k]?.[i] ?? null;
      return `${shortName(column)}: ${typeof value === 'number' ? formatNumber(value) : textOf(value)}`;
    });
    const head = typeof name === 'string' && name ? `${labels[i]} ${name}` : labels[i];
    return [`<b>${escapeHtml(head)}</b>`, ...lines.map(escapeHtml)].join('<br>');
  });
}
