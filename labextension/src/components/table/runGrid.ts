import { DataGrid, RendererMap } from '@lumino/datagrid';
import { Signal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';

import type { Reason } from '../../models/table/tableModel';
import type { TablePage } from '../../models/table/tablePage';
import type { CellContents } from './cellContent';
import { CellPainter } from './cellPainter';
import type { DrawnColumn } from './gridColumns';
import { GridData } from './gridData';
import { GridMouse } from './gridMouse';
import { type IGridTheme, readTheme } from './gridTheme';
import { blitWhole } from './wholeBlits';

export const ROW = 24;
export const HEAD = 26;

/** The performance marks: what was painted, by why it was asked for. */
const MARKS: Readonly<Record<Reason, string>> = {
  opened: 'painted',
  sorted: 'sorted',
  filtered: 'filtered',
  grouped: 'grouped',
  changed: 'changed'
};

/** A rectangle in the grid, in pixels from its corner. */
export interface IBox {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The canvas of the run table: it draws the rows in sight, and says which those are. */
export class RunGrid extends DataGrid {
  constructor(private readonly _options: RunGrid.IOptions) {
    const { page, contents, theme } = _options;
    const data = new GridData(page.table);
    const painter = new CellPainter(page, data, contents, theme);
    super({
      style: styleOf(theme),
      defaultSizes: {
        rowHeight: ROW,
        columnWidth: 96,
        rowHeaderWidth: 96,
        columnHeaderHeight: HEAD
      },
      minimumSizes: {
        rowHeight: ROW,
        columnWidth: 20,
        rowHeaderWidth: 20,
        columnHeaderHeight: HEAD
      },
      cellRenderers: new RendererMap({
        body: painter,
        'row-header': painter,
        'column-header': painter,
        'corner-header': painter
      })
    });
    this.data = data;
    this.painter = painter;
    blitWhole(this);
    this.dataModel = data;
    this.mouseHandler = new GridMouse(this, page);
    this._resize();
    page.table.changed.connect(this._onTable, this);
    page.cursor.changed.connect(this.repaint, this);
    page.selection.changed.connect(this.repaint, this);
    page.colours.changed.connect(this.repaint, this);
  }

  readonly data: GridData;
  readonly painter: CellPainter;
  /** Emitted when some of the grid was drawn: it was scrolled, or changed. */
  readonly painted = new Signal<this, void>(this);

  get columns(): readonly DrawnColumn[] {
    return this.data.columns.all;
  }

  /** The rows in sight; the first one alone while the grid has no height yet. */
  get shown(): { first: number; last: number } {
    const last = this.rowAt('body', Math.min(this.scrollY + this.pageHeight, this.bodyHeight) - 1);
    return { first: Math.max(0, this.rowAt('body', this.scrollY)), last: Math.max(0, last) };
  }

  /** Where a cell is drawn; a row of -1 stands for the heads. */
  boxOf(row: number, place: number): IBox {
    const { fixed } = this.data.columns;
    const isFixed = place < fixed;
    const index = isFixed ? place : place - fixed;
    const region = isFixed ? 'row-header' : 'body';
    const left = this.columnOffset(region, index);
    return {
      x: isFixed ? left : left + this.headerWidth - this.scrollX,
      y: row < 0 ? 0 : this.rowOffset('body', row) + this.headerHeight - this.scrollY,
      width: this.columnSize(region, index),
      height: row < 0 ? this.headerHeight : ROW
    };
  }

  /** Bring a cell into sight; with the first one of a row, which is always there, the row's beginning. */
  reveal(row: number, place: number): void {
    const { fixed } = this.data.columns;
    if (row >= 0) {
      this.scrollToRow(row);
    }
    if (place >= fixed) {
      this.scrollToColumn(place - fixed);
    } else if (place === 0) {
      this.scrollTo(0, this.scrollY);
    }
  }

  /** What is shown on hover. */
  titleAt(hit: DataGrid.HitTestResult): string {
    const { page, contents } = this._options;
    const drawn = this.columns[this.data.columns.placeOf(hit.region, hit.column)];
    if (!drawn || hit.region === 'void') {
      return '';
    }
    if (hit.region === 'column-header' || hit.region === 'corner-header') {
      return 'column' in drawn ? drawn.column.column : '';
    }
    return contents.of(page.table.at(hit.row), drawn, Date.now()).full;
  }

  /** A double click, Enter or F2 on a cell. */
  openAt(row: number, place: number): void {
    this._options.onOpen(row, place);
  }

  /** Whether the keyboard is here. */
  setFocused(hasFocus: boolean): void {
    this.painter.hasFocus = hasFocus;
    this.repaint();
  }

  /** When all that is in sight was drawn last, by the page's clock. */
  get repainted(): number {
    return this._repainted;
  }

  /** Draw all that is in sight again. */
  repaint(): void {
    this._repainted = performance.now();
    this.repaintContent();
  }

  /** Take over the colours of another theme. */
  setTheme(node: HTMLElement): void {
    const theme = readTheme(node);
    this.painter.theme = theme;
    this.style = styleOf(theme);
    this.repaint();
  }

  /** Make a column as wide as what it shows. */
  fitColumn(place: number): void {
    const drawn = this.columns[place];
    if (!drawn || !('column' in drawn)) {
      return;
    }
    const { page, contents } = this._options;
    const { first, last } = this.shown;
    let width = this.painter.widthOf(this.canvasGC, drawn.label) + 14;
    for (let row = first; row <= last; row += 1) {
      const { text } = contents.of(page.table.at(row), drawn, Date.now());
      const extra = drawn.column.column === 'status' ? 18 : 0;
      width = Math.max(width, this.painter.widthOf(this.canvasGC, text ?? '') + extra);
    }
    page.table.columns.resize(drawn.column.column, Math.min(Math.ceil(width), 600));
  }

  override dispose(): void {
    if (!this.isDisposed) {
      const { page } = this._options;
      page.table.changed.disconnect(this._onTable, this);
      page.cursor.changed.disconnect(this.repaint, this);
      page.selection.changed.disconnect(this.repaint, this);
      page.colours.changed.disconnect(this.repaint, this);
      super.dispose();
    }
  }

  protected override onResize(message: Widget.ResizeMessage): void {
    super.onResize(message);
    if (this.viewportWidth > 0) {
      this.data.room = this.viewportWidth;
      this._update();
    }
  }

  /** The keyboard belongs to the element that readers read, not to the canvas. */
  protected override onActivateRequest(): void {
    this._options.onActivate();
  }

  protected override paintContent(x: number, y: number, width: number, height: number): void {
    super.paintContent(x, y, width, height);
    const { table } = this._options.page;
    const { first, last } = this.shown;
    table.setWindow(first, last);
    this._mark();
    this.painted.emit();
  }

  /** Tell whoever measures that the answer to the last question can be seen. */
  private _mark(): void {
    const { table } = this._options.page;
    const isDrawn = this.data.rowCount('body') === table.rowCount;
    if (table.isReady && isDrawn && table.asked !== this._marked) {
      this._marked = table.asked;
      performance.mark(`trackbook:table-${MARKS[table.reason]}`);
    }
  }

  private _onTable(): void {
    const { table } = this._options.page;
    if (table.asked !== this._asked) {
      this._asked = table.asked;
      performance.mark('trackbook:table-asked');
    }
    if (table.question !== this._question) {
      this._question = table.question;
      this.scrollTo(this.scrollX, 0);
    }
    const before = this.columns;
    this._update();
    const added = addedPlace(before, this.columns);
    if (added !== null) {
      // The widths come by messages, each of which would scroll back.
      requestAnimationFrame(() => !this.isDisposed && this.reveal(-1, added));
    }
    this.repaint();
  }

  private _update(): void {
    if (this.data.update().isRecolumned) {
      this._resize();
    }
  }

  private _resize(): void {
    const { all, fixed } = this.data.columns;
    all.forEach(({ width }, place) => {
      const isFixed = place < fixed;
      const [region, index] = isFixed
        ? (['row-header', place] as const)
        : (['body', place - fixed] as const);
      this.resizeColumn(region, index, width);
    });
  }

  private _repainted = 0;
  private _question = 0;
  private _asked = 0;
  private _marked = 0;
}

export namespace RunGrid {
  export interface IOptions {
    page: TablePage;
    contents: CellContents;
    theme: IGridTheme;
    /** A cell was double-clicked. */
    onOpen(row: number, place: number): void;
    /** The user clicked: the keyboard is wanted here. */
    onActivate(): void;
  }
}

/** Where the one column is that was put to those before; null where there is none, or where others went. */
function addedPlace(before: readonly DrawnColumn[], after: readonly DrawnColumn[]): number | null {
  const names = new Set(before.map(nameOf));
  const added = after.findIndex(drawn => !names.has(nameOf(drawn)));
  return added >= 0 && before.length > 1 && after.length === before.length + 1 ? added : null;
}

function nameOf(drawn: DrawnColumn): string {
  return 'column' in drawn ? drawn.column.column : drawn.kind;
}

function styleOf(theme: IGridTheme): DataGrid.Style {
  return {
    voidColor: theme.background,
    backgroundColor: theme.background,
    gridLineColor: theme.line,
    verticalGridLineColor: 'transparent',
    horizontalGridLineColor: theme.line,
    headerBackgroundColor: theme.background,
    headerGridLineColor: theme.line,
    headerVerticalGridLineColor: theme.line,
    headerHorizontalGridLineColor: theme.line
  };
}
