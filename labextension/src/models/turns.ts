import type { IChange } from './changes';

/** How many runs are remembered at most. */
const MOST = 10_000;

/** Tells changes that bring runs on, which begin, end or go, from those in which running ones have logged something. */
export class Turns {
  /** Whether a change is more than what runs have logged; unknown runs have begun. */
  has({ runs }: IChange): boolean {
    if (runs === null) {
      return true;
    }
    let isTurn = false;
    for (const { id, status } of runs) {
      if (this._status.get(id) !== status) {
        this._status.set(id, status);
        isTurn = true;
      }
    }
    if (this._status.size > MOST) {
      this._status.clear();
    }
    return isTurn;
  }

  private readonly _status = new Map<string, string>();
}
