import type * as nbformat from '@jupyterlab/nbformat';

import { type ApiError, isAbort, toApiError } from '../client/errors';
import { type IDiagnostic, type ILintReport, SEVERITIES, type Severity } from '../client/lint';
import type { IClient } from '../client/tokens';
import { Observable } from './observable';

/** How long the user must pause before the notebook is looked at, and how long it may go unseen at most; in ms. */
const PAUSE = 600;
const PATIENCE = 4000;

/** The rule of empty cells: in a notebook that is open, such a cell is where somebody is about to write. */
const BEING_WRITTEN = 'empty-cell';

/** The problems of one open notebook, unsaved changes included; kept up to date while it is edited and run. */
export class LintModel extends Observable {
  constructor(options: LintModel.IOptions) {
    super();
    this._client = options.client;
    this._notebook = options.notebook;
    this._pause = options.pause ?? PAUSE;
    this._patience = options.patience ?? PATIENCE;
  }

  /** What was found; null until the first answer, and while linting is off. */
  get report(): ILintReport | null {
    return this._report;
  }

  /** Why the last request failed; what was found before stays. */
  get error(): ApiError | null {
    return this._error;
  }

  /** Whether an answer is on its way. */
  get isBusy(): boolean {
    return this._work !== null;
  }

  /** Whether the notebook is looked at without being asked for. */
  get isLive(): boolean {
    return this._isLive;
  }

  set isLive(isLive: boolean) {
    if (isLive === this._isLive || this.isDisposed) {
      return;
    }
    this._isLive = isLive;
    if (isLive) {
      this._schedule(0);
    } else {
      this._stop();
      this._report = null;
      this._error = null;
    }
    this.emitChanged();
  }

  /** The problems of a cell, the gravest first. */
  of(cell: string): readonly IDiagnostic[] {
    return this._byCell.get(cell) ?? [];
  }

  /** The contents path of the notebook. */
  get path(): string {
    return this._notebook().path;
  }

  /** Something changed: look again when the user pauses. */
  poke(): void {
    if (this._isLive && !this.isDisposed) {
      const waited = this._since === null ? 0 : Date.now() - this._since;
      this._since ??= Date.now();
      this._schedule(Math.max(0, Math.min(this._pause, this._patience - waited)));
    }
  }

  /** Look now, whether or not the notebook is looked at by itself. Never two requests at once. */
  async refresh(): Promise<void> {
    window.clearTimeout(this._timer);
    this._since = null;
    if (this._work) {
      this._isStale = true;
      return this._work;
    }
    const control = new AbortController();
    this._control = control;
    this._work = this._run(control);
    this.emitChanged();
    return this._work;
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._stop();
      super.dispose();
    }
  }

  private _schedule(delay: number): void {
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(() => void this.refresh(), delay);
  }

  private _stop(): void {
    window.clearTimeout(this._timer);
    this._since = null;
    this._isStale = false;
    this._control?.abort();
    this._control = null;
    this._work = null;
    this._byCell = new Map();
  }

  private async _run(control: AbortController): Promise<void> {
    do {
      // What changes while this answer is on its way is looked at when it is here.
      this._isStale = false;
      await this._ask(control.signal);
    } while (this._isStale && !control.signal.aborted);
    if (this._control === control) {
      this._control = null;
      this._work = null;
      this.emitChanged();
    }
  }

  private async _ask(signal: AbortSignal): Promise<void> {
    const { path, content, ids, unseen } = this._notebook();
    try {
      const report = await this._client.lint(path, content, signal);
      if (!signal.aborted) {
        this._report = arrange(report, ids, unseen);
        this._byCell = groupByCell(this._report);
        this._error = null;
        this.emitChanged();
      }
    } catch (error) {
      if (!signal.aborted && !isAbort(error)) {
        this._error = toApiError(error);
      }
    }
  }

  private readonly _client: Pick<IClient, 'lint'>;
  private readonly _notebook: () => ILintedNotebook;
  private readonly _pause: number;
  private readonly _patience: number;
  private _report: ILintReport | null = null;
  private _byCell = new Map<string, IDiagnostic[]>();
  private _error: ApiError | null = null;
  private _isLive = false;
  private _isStale = false;
  private _since: number | null = null;
  private _timer = 0;
  private _control: AbortController | null = null;
  private _work: Promise<void> | null = null;
}

/** A notebook as it is looked at. */
export interface ILintedNotebook {
  /** Its contents path. */
  path: string;
  /** The document; null: the saved file. */
  content: nbformat.INotebookContent | null;
  /** The ids of its cells as the page knows them; files of older formats have none. */
  ids: readonly string[];
  /** What of it was left out, in words. */
  unseen: readonly string[];
}

export namespace LintModel {
  export interface IOptions {
    client: Pick<IClient, 'lint'>;
    /** The notebook as it is now. */
    notebook: () => ILintedNotebook;
    /** How long to wait for the user to pause, and how long at most; in ms. */
    pause?: number;
    patience?: number;
  }
}

/** The gravest severity among these; null where there are none. */
export function gravest(diagnostics: readonly IDiagnostic[]): Severity | null {
  const found = new Set(diagnostics.map(item => item.severity));
  return SEVERITIES.find(severity => found.has(severity)) ?? null;
}

/** The problems as they are read: from top to bottom, those of the whole notebook first; with the ids of the page. */
function arrange(
  report: ILintReport,
  ids: readonly string[],
  unseen: readonly string[]
): ILintReport {
  const diagnostics = report.diagnostics
    .filter(item => item.rule !== BEING_WRITTEN)
    .map(item => ({ ...item, cell_id: ids[item.cell - 1] ?? null }))
    .sort((a, b) => a.cell - b.cell || a.line - b.line || a.column - b.column);
  return { ...report, diagnostics, unseen: [...report.unseen, ...unseen] };
}

function groupByCell({ diagnostics }: ILintReport): Map<string, IDiagnostic[]> {
  const cells = new Map<string, IDiagnostic[]>();
  for (const item of diagnostics) {
    if (item.cell_id !== null) {
      cells.set(item.cell_id, [...(cells.get(item.cell_id) ?? []), item]);
    }
  }
  return cells;
}
