import { CellRenderer, type GraphicsContext } from '@lumino/datagrid';

import type { RunStatus } from '../../client/types';
import { sparkKey } from '../../models/table/columns';
import { type ITableRow, valueOf } from '../../models/table/rowRequest';
import type { Entry } from '../../models/table/tableRows';
import type { TablePage } from '../../models/table/tablePage';
import { sparkPath } from '../sparkPath';
import type { CellContents } from './cellContent';
import { type DrawnColumn } from './gridColumns';
import type { GridData } from './gridData';
import type { IGridTheme } from './gridTheme';
import { drawStatus } from './statusShapes';

const PAD = 6;
const BOX = 12;
/** How many measured texts are remembered. */
const REMEMBERED = 4000;

type Config = CellRenderer.CellConfig;

/** Draws each cell of the run table. */
export class CellPainter extends CellRenderer {
  constructor(
    private readonly _page: TablePage,
    private readonly _data: GridData,
    private readonly _contents: CellContents,
    private _theme: IGridTheme
  ) {
    super();
  }

  get theme(): IGridTheme {
    return this._theme;
  }

  set theme(theme: IGridTheme) {
    this._theme = theme;
    this._fitted.clear();
  }

  /** Whether the keyboard is here: then the cursor is drawn strongly. */
  hasFocus = false;

  override paint(gc: GraphicsContext, config: Config): void {
    const { columns } = this._data;
    const place = columns.placeOf(config.region, config.column);
    const drawn = columns.all[place];
    if (!drawn) {
      return;
    }
    if (config.region === 'column-header' || config.region === 'corner-header') {
      this._head(gc, config, drawn, place);
    } else {
      this._cell(gc, config, drawn, place);
    }
  }

  /** How wide a text is in a cell, with what is around it. */
  widthOf(gc: CanvasRenderingContext2D, text: string): number {
    gc.font = this._theme.font;
    return gc.measureText(text).width + 2 * PAD + 2;
  }

  private _cell(gc: GraphicsContext, config: Config, drawn: DrawnColumn, place: number): void {
    const { table, cursor, picks } = this._page;
    const entry = table.at(config.row);
    const isSelected = picks.has(entry);
    const isActive = cursor.row === config.row;
    const { theme } = this;
    const { x, y, width, height } = config;
    gc.fillStyle =
      isSelected || (isActive && this.hasFocus) || entry?.kind === 'group'
        ? theme.raised
        : theme.background;
    gc.fillRect(x, y, width, height);
    if (isActive && place === 0) {
      gc.fillStyle = this.hasFocus ? theme.brand : theme.border;
      gc.fillRect(x, y, 2, height);
    }
    if (drawn.kind === 'select') {
      this._box(gc, config, entry, isSelected);
    } else if (drawn.kind === 'group') {
      this._group(gc, config, entry);
    } else if (drawn.kind === 'spark' && entry?.kind === 'run') {
      this._curve(gc, config, entry.row, sparkKey(drawn.column.column) ?? '');
    } else {
      this._content(gc, config, entry, drawn);
    }
    if (isActive && cursor.column === place && this.hasFocus) {
      gc.strokeStyle = theme.brand;
      gc.lineWidth = 1;
      gc.strokeRect(x + 0.5, y + 0.5, width - 2, height - 2);
    }
  }

  private _content(
    gc: GraphicsContext,
    config: Config,
    entry: Entry | null,
    drawn: DrawnColumn
  ): void {
    const { text, isRight } = this._contents.of(entry, drawn, Date.now());
    if (text === null) {
      this._placeholder(gc, config);
      return;
    }
    let { x, width } = config;
    if ('column' in drawn && drawn.column.column === 'status' && entry?.kind === 'run') {
      this._status(gc, config, valueOf(entry.row, 'status') as RunStatus);
      x += 18;
      width -= 18;
    }
    gc.fillStyle = this.theme.text;
    this._text(gc, { ...config, x, width }, text, isRight, this.theme.font);
  }

  private _text(
    gc: GraphicsContext,
    { x, y, width, height }: Pick<Config, 'x' | 'y' | 'width' | 'height'>,
    text: string,
    isRight: boolean,
    font: string
  ): void {
    if (!text) {
      return;
    }
    gc.font = font;
    gc.textBaseline = 'middle';
    gc.textAlign = isRight ? 'right' : 'left';
    const fitted = this._fit(gc, text, width - 2 * PAD, font);
    gc.fillText(fitted, isRight ? x + width - PAD - 1 : x + PAD, y + height / 2 + 0.5);
  }

  /** As much of a text as has room, with an ellipsis where that isn't all. */
  private _fit(gc: GraphicsContext, text: string, width: number, font: string): string {
    const key = `${font === this.theme.font ? '' : '#'}${Math.round(width)} ${text}`;
    let fitted = this._fitted.get(key);
    if (fitted === undefined) {
      fitted = cut(gc, text, width);
      if (this._fitted.size > REMEMBERED) {
        this._fitted.clear();
      }
      this._fitted.set(key, fitted);
    }
    return fitted;
  }

  private _placeholder(gc: GraphicsContext, { x, y, width, height }: Config): void {
    gc.fillStyle = this.theme.raised;
    gc.fillRect(x + PAD, y + height / 2 - 4, Math.max(0, (width - 2 * PAD) * 0.6), 8);
  }

  private _box(
    gc: GraphicsContext,
    { x, y, height }: Config,
    entry: Entry | null,
    isSelected: boolean
  ): void {
    if (!entry) {
      return;
    }
    const { colours } = this._page;
    const [left, top] = [x + 10, Math.round(y + (height - BOX) / 2)];
    gc.beginPath();
    gc.rect(left + 0.5, top + 0.5, BOX - 1, BOX - 1);
    if (isSelected) {
      gc.fillStyle =
        entry.kind === 'run'
          ? this.theme.colour(colours.get(entry.row.id).variable)
          : this.theme.quiet;
      gc.fill();
    } else {
      gc.strokeStyle = this.theme.border;
      gc.lineWidth = 1;
      gc.stroke();
    }
  }

  private _group(gc: GraphicsContext, config: Config, entry: Entry | null): void {
    if (!entry) {
      this._placeholder(gc, config);
      return;
    }
    if (entry.kind === 'run') {
      return;
    }
    const { x, y, height, width } = config;
    const middle = y + height / 2;
    gc.fillStyle = this.theme.quiet;
    gc.beginPath();
    if (entry.isOpen) {
      gc.moveTo(x + 6, middle - 2.5);
      gc.lineTo(x + 14, middle - 2.5);
      gc.lineTo(x + 10, middle + 2.5);
    } else {
      gc.moveTo(x + 8, middle - 4);
      gc.lineTo(x + 13, middle);
      gc.lineTo(x + 8, middle + 4);
    }
    gc.fill();
    gc.fillStyle = this.theme.text;
    const { text } = this._contents.group(entry.group);
    const box = { x: x + 14, y, width: width - 14, height };
    this._text(gc, box, text ?? '', false, this.theme.font);
  }

  private _curve(gc: GraphicsContext, config: Config, row: ITableRow, key: string): void {
    const values = row.sparks[key];
    if (values === undefined) {
      this._placeholder(gc, config);
      return;
    }
    const { x, y, width, height } = config;
    const room = { width: width - 2 * PAD, height: height - 10 };
    if (!values || room.width < 8) {
      return;
    }
    gc.strokeStyle = this._page.selection.has(row.id)
      ? this.theme.colour(this._page.colours.get(row.id).variable)
      : this.theme.quiet;
    gc.lineWidth = 1.2;
    gc.lineJoin = 'round';
    gc.beginPath();
    for (const [, pen, left, top] of sparkPath(values, room.width, room.height).matchAll(STEP)) {
      const point: [number, number] = [x + PAD + Number(left), y + 5 + Number(top)];
      if (pen === 'M') {
        gc.moveTo(...point);
      } else {
        gc.lineTo(...point);
      }
    }
    gc.stroke();
  }

  private _status(gc: GraphicsContext, { x, y, height }: Config, status: RunStatus): void {
    const colour = this._statusColour(status);
    gc.fillStyle = colour;
    gc.strokeStyle = colour;
    drawStatus(gc, status, x + PAD - 2, Math.round(y + (height - 16) / 2));
  }

  private _statusColour(status: RunStatus): string {
    const { theme } = this;
    switch (status) {
      case 'running':
        return theme.brand;
      case 'finished':
        return theme.good;
      case 'failed':
      case 'killed':
        return theme.bad;
      case 'timed_out':
      case 'lost':
        return theme.warning;
      default:
        return theme.quiet;
    }
  }

  private _head(gc: GraphicsContext, config: Config, drawn: DrawnColumn, place: number): void {
    const { theme } = this;
    const { table, cursor } = this._page;
    const { x, y, width, height } = config;
    gc.fillStyle = theme.background;
    gc.fillRect(x, y, width, height);
    if (drawn.kind === 'select') {
      return;
    }
    const column = 'column' in drawn ? drawn.column.column : 'count';
    const label = 'column' in drawn ? drawn.label : table.groupBy.join(' · ');
    const rank = table.sort.findIndex(key => key.column === column);
    let room = width;
    if (rank >= 0) {
      const arrow = table.sort[rank].isReverse ? '▾' : '▴';
      const mark = table.sort.length > 1 ? `${arrow}${rank + 1}` : arrow;
      gc.font = theme.headFont;
      gc.fillStyle = theme.text;
      gc.textBaseline = 'middle';
      gc.textAlign = 'right';
      gc.fillText(mark, x + width - PAD, y + height / 2 + 0.5);
      room -= table.sort.length > 1 ? 20 : 12;
    }
    gc.fillStyle = rank >= 0 ? theme.text : theme.quiet;
    const isRight = drawn.kind === 'value' && this._contents.isRight(column);
    this._text(gc, { x, y, width: room, height }, label, isRight, theme.headFont);
    if (cursor.row < 0 && cursor.column === place && this.hasFocus) {
      gc.strokeStyle = theme.brand;
      gc.lineWidth = 1;
      gc.strokeRect(x + 0.5, y + 0.5, width - 2, height - 2);
    }
  }

  private readonly _fitted = new Map<string, string>();
}

const STEP = /([ML])(-?[\d.]+) (-?[\d.]+)/g;

function cut(gc: GraphicsContext, text: string, width: number): string {
  if (width <= 0) {
    return '';
  }
  // No letter is narrower than two pixels: what is far too long need not be measured whole.
  const start = text.slice(0, Math.ceil(width / 2) + 1);
  if (start.length === text.length && gc.measureText(text).width <= width) {
    return text;
  }
  let [fits, over] = [0, start.length];
  while (over - fits > 1) {
    const middle = (fits + over) >> 1;
    if (gc.measureText(`${start.slice(0, middle)}…`).width <= width) {
      fits = middle;
    } else {
      over = middle;
    }
  }
  return fits > 0 ? `${start.slice(0, fits)}…` : '';
}
