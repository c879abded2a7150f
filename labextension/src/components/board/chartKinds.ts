import type { TranslationBundle } from '@jupyterlab/translation';
import type * as React from 'react';

import type { IClient } from '../../client/tokens';
import type { ITableColumn } from '../../client/table';
import type { JsonValue } from '../../client/types';
import type { ChartOptions, IChart } from '../../models/board';
import type { BoardSource } from '../../models/boardSource';
import type { IChanges } from '../../models/changes';
import type { ColoursModel } from '../../models/colours';
import type { RunQueryModel } from '../../models/runQuery';
import type { SelectionModel } from '../../models/selection';

/** What a board's charts share. */
export interface IBoardContext {
  readonly project: string;
  readonly client: IClient;
  readonly changes: IChanges;
  readonly query: RunQueryModel;
  readonly selection: SelectionModel;
  readonly colours: ColoursModel;
  readonly source: BoardSource;
}

/** A chart in other forms than its picture: for readers, for files. */
export interface IChartReport {
  /** What can be seen, in a sentence or two. */
  summary: string;
  /** The heads of the data's columns. */
  columns: readonly string[];
  /** The data, a list a row; called when somebody wants it. */
  rows: () => readonly (readonly JsonValue[])[];
  /** The picture as a PNG; null where the chart is no picture. */
  image: (() => Promise<Blob>) | null;
}

/** What a kind's component gets. It fills the width that there is, and `chart.height` pixels. */
export interface IChartProps {
  chart: IChart;
  context: IBoardContext;
  /** The columns that runs have; null until they are known. */
  columns: readonly ITableColumn[] | null;
  /** Whether some of the chart can be seen: it asks for nothing while it can't. */
  isVisible: boolean;
  /** Tell what is drawn, each time that it changes; null while nothing is. Always the same function. */
  report: (report: IChartReport | null) => void;
  /** Change some of the chart's options, as by a control within the drawing. */
  setOptions: (options: ChartOptions) => void;
}

/** One field of a chart's options form. */
export interface IOptionField {
  name: string;
  label: string;
  /** A column (typed or picked), several of them, one of some values, yes or no, a number. */
  type: 'column' | 'columns' | 'choice' | 'flag' | 'number';
  /** Which columns are offered. */
  offers?: (column: ITableColumn) => boolean;
  choices?: readonly { value: string; label: string }[];
  /** Whether it may be left empty. */
  isOptional?: boolean;
  least?: number;
  most?: number;
}

/** A kind of chart. */
export interface IChartKind {
  readonly kind: string;
  label(trans: TranslationBundle): string;
  /** What a chart with these options is called. */
  title(options: ChartOptions, trans: TranslationBundle): string;
  /** Options that make sense with these columns; null where nothing could be drawn. */
  defaults(columns: readonly ITableColumn[]): ChartOptions | null;
  /** Whether a board that is empty offers it among its first charts. */
  isFirst?(columns: readonly ITableColumn[]): boolean;
  fields(trans: TranslationBundle): readonly IOptionField[];
  /** How wide a new one is, in columns of the board, and how high, in pixels. */
  readonly width?: number;
  readonly height?: number;
  readonly component: React.ComponentType<IChartProps>;
  /** What `tb.chart` takes beside the runs to draw the same in a notebook; null where it can't. */
  code?(options: ChartOptions): Readonly<Record<string, JsonValue>> | null;
}

const KINDS = new Map<string, IChartKind>();

/** Make a kind of chart known; one of the same name takes the place of the earlier one. */
export function addChartKind(kind: IChartKind): void {
  KINDS.set(kind.kind, kind);
}

export function chartKind(kind: string): IChartKind | undefined {
  return KINDS.get(kind);
}

/** All kinds, in the order in which they were made known. */
export function chartKinds(): readonly IChartKind[] {
  return [...KINDS.values()];
}

/** An option as a text; empty without one. */
export function textOption(options: ChartOptions, name: string): string {
  const value = options[name];
  return typeof value === 'string' ? value : '';
}

/** An option as a list of texts. */
export function listOption(options: ChartOptions, name: string): string[] {
  const value = options[name];
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];
}

export function flagOption(options: ChartOptions, name: string): boolean {
  return options[name] === true;
}

/** Whether an axis is logarithmic; null where that is left to what lies on it. */
export function scaleOption(options: ChartOptions, name: string): boolean | null {
  const value = options[name];
  return value === true || value === 'log'
    ? true
    : value === false || value === 'linear'
      ? false
      : null;
}

/** The field of an axis' scale. */
export function scaleField(name: string, label: string, trans: TranslationBundle): IOptionField {
  const choices = [
    { value: '', label: trans.__('as suits the values') },
    { value: 'linear', label: trans.__('linear') },
    { value: 'log', label: trans.__('logarithmic') }
  ];
  return { name, label, type: 'choice', choices };
}

export function numberOption(options: ChartOptions, name: string, otherwise: number): number {
  const value = options[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}
