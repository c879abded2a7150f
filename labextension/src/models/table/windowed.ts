import { type ApiError, isAbort, toApiError } from '../../client/errors';
import { Observable } from '../observable';

/** How many rows one request brings. */
export const BLOCK = 200;
/** How many blocks are kept: those that were looked at last. */
const KEPT = 60;
/** How far beyond what can be seen is read ahead. */
const AHEAD = 60;
/** As many blocks as one request brings at most. */
const MOST_TOGETHER = 5;
/** How long to wait, in ms, before a request follows one that was given up: a thumb that is dragged passes many blocks. */
const PAUSE = 50;

/** Rows that a request brought, and how many there are in all. */
export interface IPart<T> {
  total: number;
  items: readonly T[];
}

/** Asks for rows from a place on. */
export type Load<T> = (offset: number, limit: number, signal: AbortSignal) => Promise<IPart<T>>;

/**
 * A long list of which the server knows all, and we the windows that were looked at last.
 *
 * Blocks are asked for when they come into sight, and given up when they have scrolled past before they came. A new
 * question leaves the old rows standing until its first answer. Where the server's list has changed so much between two
 * requests that blocks no longer fit together, what is in sight is asked for anew as a whole.
 */
export class Windowed<T> extends Observable {
  constructor(
    private readonly _keyOf: (item: T) => string,
    private readonly _kept = KEPT
  ) {
    super();
  }

  get total(): number {
    return this._total;
  }

  /** Whether the present question was answered. */
  get isReady(): boolean {
    return this._isReady;
  }

  /** Why the last request failed; what was known before stays. */
  get error(): ApiError | null {
    return this._error;
  }

  /** The row at a place, when it is known. */
  at(index: number): T | undefined {
    return this._blocks.get(Math.floor(index / BLOCK))?.[index % BLOCK];
  }

  /** The place of a row among those that are known; -1 when it isn't there. */
  indexOf(key: string): number {
    return this._places.get(key) ?? -1;
  }

  /** The rows that are known between two places, both included. */
  *known(first: number, last: number): Iterable<T> {
    for (let index = Math.max(0, first); index <= Math.min(last, this._total - 1); index += 1) {
      const item = this.at(index);
      if (item !== undefined) {
        yield item;
      }
    }
  }

  /** Ask something else, from the head on, or where the window is with `isKept`. */
  ask(load: Load<T>, isKept = false): void {
    this._abortAll();
    this._load = load;
    this._isReady = false;
    this._isNew = true;
    this._error = null;
    if (!isKept) {
      this._window = { first: 0, last: Math.min(this._window.last - this._window.first, BLOCK) };
    }
    this._pump();
  }

  /** Ask the same again, where the window is. */
  reload(): void {
    if (this._load) {
      this.ask(this._load, true);
    }
  }

  /** Say which rows can be seen. */
  setWindow(first: number, last: number): void {
    if (first === this._window.first && last === this._window.last) {
      return;
    }
    this._window = { first, last };
    for (const [block, request] of [...this._running]) {
      if (!this._isTogether && !this._isWanted(block)) {
        request.abort();
        this._running.delete(block);
        this._isHeld = true;
      }
    }
    if (!this._isHeld) {
      this._pump();
    } else if (this._timer === undefined) {
      this._timer = setTimeout(() => {
        this._timer = undefined;
        this._isHeld = false;
        this._pump();
      }, PAUSE);
    }
  }

  /** Put newer states in the place of known rows. */
  patch(items: readonly T[]): void {
    for (const item of items) {
      const index = this.indexOf(this._keyOf(item));
      const block = this._blocks.get(Math.floor(index / BLOCK));
      if (index >= 0 && block) {
        block[index % BLOCK] = item;
      }
    }
    if (items.length) {
      this.emitChanged();
    }
  }

  /** Forget blocks out of sight that hold rows which are out of date. */
  forget(isStale: (item: T) => boolean): void {
    const { first, last } = this._window;
    for (const [block, items] of [...this._blocks]) {
      const isSeen = block >= Math.floor(first / BLOCK) && block <= Math.floor(last / BLOCK);
      if (!isSeen && items.some(isStale)) {
        this._drop(block);
      }
    }
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._abortAll();
      clearTimeout(this._timer);
      super.dispose();
    }
  }

  private _isWanted(block: number): boolean {
    const { first, last } = this._window;
    return (
      block >= Math.floor((first - AHEAD) / BLOCK) && block <= Math.floor((last + AHEAD) / BLOCK)
    );
  }

  /** Ask for the blocks in sight that are missing; those that can be seen before those ahead. */
  private _pump(): void {
    if (this.isDisposed || !this._load) {
      return;
    }
    const { first, last } = this._window;
    if (this._isNew) {
      // The first answer says how many rows there are, and takes the old ones away.
      this._request(Math.max(0, Math.floor(first / BLOCK)));
      return;
    }
    if (this._error || this._isTogether) {
      return;
    }
    const seen = range(first, last);
    for (const block of [...seen, ...range(first - AHEAD, last + AHEAD)]) {
      if (block >= 0 && block * BLOCK < this._total && !this._blocks.has(block)) {
        this._request(block);
      } else {
        this._touch(block);
      }
    }
  }

  private _request(block: number, count = 1): void {
    if (this._running.has(block) || !this._load) {
      return;
    }
    const abort = new AbortController();
    this._running.set(block, abort);
    this._load(block * BLOCK, count * BLOCK, abort.signal).then(
      part => {
        if (!abort.signal.aborted) {
          this._running.delete(block);
          this._arrived(block, part, count);
        }
      },
      (error: unknown) => {
        if (!abort.signal.aborted && !isAbort(error) && !this.isDisposed) {
          this._running.delete(block);
          this._isTogether = false;
          this._error = toApiError(error);
          this._isReady = true;
          this.emitChanged();
        }
      }
    );
  }

  private _arrived(block: number, part: IPart<T>, count: number): void {
    const isWhole = this._isNew || this._isTogether;
    if (!isWhole && !this._fits(block, part)) {
      this._askTogether();
      return;
    }
    if (isWhole) {
      this._blocks.clear();
      this._places.clear();
      this._isNew = false;
      this._isTogether = false;
    }
    this._isReady = true;
    this._error = null;
    this._total = part.total;
    for (let place = 0; place < count; place += 1) {
      const items = part.items.slice(place * BLOCK, (place + 1) * BLOCK);
      if (items.length || !place) {
        this._put(block + place, items);
      }
    }
    // The window may lie behind the end of a list that has become shorter.
    if (this._window.first >= part.total) {
      this._window = { first: Math.max(0, part.total - BLOCK), last: Math.max(0, part.total - 1) };
    }
    this._pump();
    this.emitChanged();
  }

  /** Whether a block belongs to the same list as those that are known: then none of its rows stands in another one. */
  private _fits(block: number, { total, items }: IPart<T>): boolean {
    if (total !== this._total) {
      return this._blocks.size === 0;
    }
    return items.every(item => {
      const place = this._places.get(this._keyOf(item));
      return place === undefined || Math.floor(place / BLOCK) === block;
    });
  }

  /** Ask for all that is in sight by one request, whose rows are of one moment; what is known stands until then. */
  private _askTogether(): void {
    this._abortAll();
    const { first, last } = this._window;
    const seen = range(Math.max(0, first), Math.max(0, last));
    this._isTogether = true;
    this._request(seen[0] ?? 0, Math.min(Math.max(1, seen.length), MOST_TOGETHER));
  }

  private _put(block: number, items: T[]): void {
    this._drop(block);
    this._blocks.set(block, items);
    items.forEach((item, place) => this._places.set(this._keyOf(item), block * BLOCK + place));
    for (const oldest of this._blocks.keys()) {
      if (this._blocks.size <= this._kept) {
        break;
      }
      this._drop(oldest);
    }
  }

  private _drop(block: number): void {
    this._blocks.get(block)?.forEach((item, place) => {
      const key = this._keyOf(item);
      if (this._places.get(key) === block * BLOCK + place) {
        this._places.delete(key);
      }
    });
    this._blocks.delete(block);
  }

  /** What is looked at last is let go of last. */
  private _touch(block: number): void {
    const items = this._blocks.get(block);
    if (items) {
      this._blocks.delete(block);
      this._blocks.set(block, items);
    }
  }

  private _abortAll(): void {
    this._running.forEach(request => request.abort());
    this._running.clear();
    this._isTogether = false;
  }

  private readonly _blocks = new Map<number, T[]>();
  private readonly _places = new Map<string, number>();
  private readonly _running = new Map<number, AbortController>();
  private _load: Load<T> | null = null;
  private _window = { first: 0, last: 60 };
  private _total = 0;
  private _isReady = false;
  private _isNew = true;
  /** Whether a request is on its way that takes the place of all blocks. */
  private _isTogether = false;
  private _isHeld = false;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _error: ApiError | null = null;
}

function range(first: number, last: number): number[] {
  const from = Math.floor(first / BLOCK);
  const to = Math.floor(last / BLOCK);
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, place) => from + place);
}
