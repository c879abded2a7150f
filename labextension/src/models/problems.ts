import { type IDiagnostic, SEVERITIES, type Severity } from '../client/lint';
import type { LintModel } from './lint';
import { Observable } from './observable';

/** The problems of one cell; `cell` counts from 1, 0 is the notebook as a whole. */
export interface IProblemGroup {
  cell: number;
  cellId: string | null;
  items: readonly IDiagnostic[];
}

/** What the list of problems shows: those of the current notebook, by cell, without the severities that are hidden. */
export class ProblemsModel extends Observable {
  /** The problems of the current notebook; null while there is none. */
  get lint(): LintModel | null {
    return this._lint;
  }

  /** The name of the current notebook's file. */
  get name(): string {
    return this._lint?.path.split('/').pop() ?? '';
  }

  get groups(): readonly IProblemGroup[] {
    const groups: { cell: number; cellId: string | null; items: IDiagnostic[] }[] = [];
    for (const item of this.shown) {
      const last = groups[groups.length - 1];
      if (last?.cell === item.cell) {
        last.items.push(item);
      } else {
        groups.push({ cell: item.cell, cellId: item.cell_id, items: [item] });
      }
    }
    return groups;
  }

  /** The problems that are shown, from top to bottom. */
  get shown(): readonly IDiagnostic[] {
    return this.all.filter(item => !this._hidden.has(item.severity));
  }

  /** All problems of the notebook, from top to bottom. */
  get all(): readonly IDiagnostic[] {
    return this._lint?.report?.diagnostics ?? [];
  }

  /** The cell whose problems the user asked for. */
  get asked(): string | null {
    return this._asked;
  }

  /** Counts how often the user asked to be led to the list. */
  get requests(): number {
    return this._requests;
  }

  /** How many problems there are of a severity. */
  count(severity: Severity): number {
    return this.all.filter(item => item.severity === severity).length;
  }

  isHidden(severity: Severity): boolean {
    return this._hidden.has(severity);
  }

  /** Show or hide the problems of a severity. */
  toggle(severity: Severity): void {
    if (!this._hidden.delete(severity)) {
      this._hidden.add(severity);
    }
    this.emitChanged();
  }

  showAll(): void {
    this._hidden.clear();
    this.emitChanged();
  }

  /** Show the problems of another notebook. */
  follow(lint: LintModel | null): void {
    if (lint !== this._lint) {
      this._lint?.changed.disconnect(this.emitChanged, this);
      this._lint = lint;
      this._asked = null;
      this._lint?.changed.connect(this.emitChanged, this);
      this.emitChanged();
    }
  }

  /** Lead the user to the list: to the problems of a cell, or to the first. */
  ask(cell: string | null): void {
    this._asked = cell;
    this._requests += 1;
    if (cell !== null && !this.shown.some(item => item.cell_id === cell)) {
      this._hidden.clear();
    }
    this.emitChanged();
  }

  /** The next problem behind a place, or before it with `step` -1; from the end it goes on at the beginning. */
  next(cell: number, line: number, step: 1 | -1): IDiagnostic | null {
    const places = this.shown;
    if (!places.length) {
      return null;
    }
    const order = (item: IDiagnostic) => Math.sign(item.cell - cell) || Math.sign(item.line - line);
    const found =
      step === 1
        ? places.find(item => order(item) > 0)
        : [...places].reverse().find(item => order(item) < 0);
    return found ?? (step === 1 ? places[0] : places[places.length - 1]);
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this.follow(null);
      super.dispose();
    }
  }

  private readonly _hidden = new Set<Severity>();
  private _lint: LintModel | null = null;
  private _asked: string | null = null;
  private _requests = 0;
}

/** The severities that a notebook has problems of, the gravest first. */
export function severitiesOf(problems: ProblemsModel): Severity[] {
  return SEVERITIES.filter(severity => problems.count(severity) > 0);
}
