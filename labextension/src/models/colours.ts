import { Observable } from './observable';

/** How many colours the palette has: `--trackbook-run-1` … in the style sheet. */
export const PALETTE_SIZE = 8;

/** The lines with which the palette is gone through again, as plotly names them. */
export const DASHES = ['solid', 'dash', 'dot', 'dashdot'] as const;

/** The colour of a run: a place in the palette, and a line for when the palette is used up. */
export interface IColour {
  /** The CSS custom property that holds the colour. */
  variable: string;
  dash: (typeof DASHES)[number];
}

/** Gives each run a colour once, the same for all views. */
export class ColoursModel extends Observable {
  /** Give runs colours that nobody has; runs that are seen together get such that differ, in any case. */
  assign(ids: readonly string[]): void {
    const before = this._slots.size;
    for (const id of ids) {
      if (!this._slots.has(id)) {
        this._slots.set(id, this._free(ids));
      }
    }
    const moved = this._part(ids);
    if (moved || this._slots.size !== before) {
      this.emitChanged();
    }
  }

  /** The colour of a run; one that has none yet gets the first. */
  get(id: string): IColour {
    const slot = this._slot(id);
    const dash = DASHES[Math.floor(slot / PALETTE_SIZE) % DASHES.length];
    return { variable: `--trackbook-run-${(slot % PALETTE_SIZE) + 1}`, dash };
  }

  /** Runs that got the same colour at different times part when they meet. */
  private _part(ids: readonly string[]): boolean {
    const seen = new Set<number>();
    let moved = false;
    for (const id of ids) {
      if (seen.has(this._slot(id))) {
        this._slots.set(id, this._free(ids));
        moved = true;
      }
      seen.add(this._slot(id));
    }
    return moved;
  }

  /** A place of the palette that nobody has, else the first that none of `ids` has. */
  private _free(ids: readonly string[]): number {
    const all = firstFree(new Set(this._slots.values()));
    return all < PALETTE_SIZE ? all : firstFree(new Set(ids.map(id => this._slots.get(id))));
  }

  private _slot(id: string): number {
    return this._slots.get(id) ?? 0;
  }

  private readonly _slots = new Map<string, number>();
}

function firstFree(taken: ReadonlySet<number | undefined>): number {
  let slot = 0;
  while (taken.has(slot)) {
    slot += 1;
  }
  return slot;
}
