import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';

import type { IDiagnostic } from '../client/lint';
import { severityCount } from '../components/Severity';
import { severityIcons } from '../icons';
import { gravest, type LintModel } from '../models/lint';
import { SEVERITIES } from '../client/lint';

/** How many messages a badge tells on hover; the list has all. */
const TOLD = 5;

/** Marks the cells of a notebook that have problems; a click leads to them in the list. */
export class CellBadges implements IDisposable {
  constructor(private readonly _options: CellBadges.IOptions) {
    const { model, panel } = _options;
    model.changed.connect(this._draw, this);
    panel.content.modelContentChanged.connect(this._onCells, this);
    panel.disposed.connect(this.dispose, this);
    this._draw();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      const { model, panel } = this._options;
      model.changed.disconnect(this._draw, this);
      panel.content.modelContentChanged.disconnect(this._onCells, this);
      cancelAnimationFrame(this._frame);
      this._badges.forEach(badge => badge.remove());
      this._badges.clear();
    }
  }

  /** A cell that was moved gets another element: look after them once they are all there. */
  private _onCells(): void {
    cancelAnimationFrame(this._frame);
    this._frame = requestAnimationFrame(() => this._draw());
  }

  private _draw(): void {
    const { model, panel } = this._options;
    if (this._isDisposed || panel.isDisposed) {
      return;
    }
    const gone = new Set(this._badges.keys());
    for (const cell of panel.content.widgets) {
      const { id } = cell.model;
      const problems = model.of(id);
      if (!problems.length) {
        continue;
      }
      gone.delete(id);
      const badge = this._badges.get(id) ?? this._make(id);
      this._fill(badge, problems);
      if (badge.parentElement !== cell.node) {
        // Last, because Lumino counts the children before which it puts a widget.
        cell.node.append(badge);
      }
    }
    for (const id of gone) {
      this._badges.get(id)?.remove();
      this._badges.delete(id);
    }
  }

  private _make(id: string): HTMLButtonElement {
    const badge = document.createElement('button');
    badge.type = 'button';
    badge.addEventListener('click', event => {
      event.stopPropagation();
      this._options.onOpen(id);
    });
    // The notebook would take these for its own, and run or select the cell.
    for (const type of ['mousedown', 'keydown'] as const) {
      badge.addEventListener(type, event => event.stopPropagation());
    }
    this._badges.set(id, badge);
    return badge;
  }

  private _fill(badge: HTMLButtonElement, problems: readonly IDiagnostic[]): void {
    const { trans } = this._options;
    const severity = gravest(problems) ?? 'info';
    const counts = SEVERITIES.map(each => {
      const count = problems.filter(item => item.severity === each).length;
      return count ? severityCount(each, count, trans) : '';
    }).filter(Boolean);
    const told = problems.slice(0, TOLD).map(item => `${item.code}  ${item.message}`);
    if (problems.length > TOLD) {
      told.push(trans._n('%1 more', '%1 more', problems.length - TOLD));
    }
    const title = told.join('\n');
    const key = `${severity} ${counts.join()} ${title}`;
    if (badge.dataset.state === key) {
      return;
    }
    badge.dataset.state = key;
    badge.className = `trackbook-CellBadge trackbook-Severity trackbook-mod-${severity}`;
    badge.title = title;
    badge.setAttribute(
      'aria-label',
      trans.__('%1 in this cell: %2', counts.join(', '), told.join('; '))
    );
    const count = document.createElement('span');
    count.className = 'trackbook-CellBadge-count';
    count.textContent = problems.length > 1 ? String(problems.length) : '';
    badge.replaceChildren(severityIcons[severity].element({ tag: 'span' }), count);
  }

  private readonly _badges = new Map<string, HTMLButtonElement>();
  private _frame = 0;
  private _isDisposed = false;
}

export namespace CellBadges {
  export interface IOptions {
    model: LintModel;
    panel: NotebookPanel;
    trans: TranslationBundle;
    /** The user asks for a cell's problems. */
    onOpen(cell: string): void;
  }
}
