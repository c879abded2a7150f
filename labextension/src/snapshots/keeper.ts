import type { KernelMessage } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';

import type { IClient } from '../client/tokens';
import type { SnapshotMoment } from '../client/types';
import type { IChange, IChangedRun, IChanges } from '../models/changes';
import { Executions } from './executions';
import { Freezer, type FrozenNotebook, type IFreezableNotebook } from './freezer';

/** How often a notebook is sent before the server's own copy has to do. */
const ATTEMPTS = 3;

/** A run that waits for the notebook after the cell that ended it. */
interface IWaiting {
  project: string;
  run: string;
  message: string;
}

/** One open notebook: what it tells the keeper. */
export interface IWatchedNotebook extends IDisposable {
  scheduled(cell: string): void;
  heard(direction: 'send' | 'recv', message: KernelMessage.IMessage): void;
}

/** Sends each run the notebook as it was when the user ran the cell that started it, or that ended it. */
export class SnapshotKeeper implements IDisposable {
  constructor(options: SnapshotKeeper.IOptions) {
    this._client = options.client;
    this._changes = options.changes;
    this._changes.changed.connect(this._onChange, this);
  }

  /** Whether notebooks are sent; those of earlier executions are remembered in either case. */
  isEnabled = true;

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._changes.changed.disconnect(this._onChange, this);
      this._notebooks.clear();
    }
  }

  /** Watch an open notebook until the result is disposed. */
  watch(notebook: IFreezableNotebook): IWatchedNotebook {
    const freezer = new Freezer(notebook);
    const executions = new Executions(() => freezer.freeze());
    this._notebooks.add(executions);
    let isGone = false;
    return {
      get isDisposed() {
        return isGone;
      },
      dispose: () => {
        isGone = true;
        this._notebooks.delete(executions);
      },
      scheduled: cell => executions.scheduled(cell),
      heard: (direction, message) => {
        const ended = executions.heard(direction, message);
        if (ended !== null) {
          // The signal comes before the messages are handled: let the last outputs reach the notebook first.
          setTimeout(() => {
            if (!isGone) {
              executions.ended(ended);
              this._sendEnd(ended);
            }
          });
        }
      }
    };
  }

  private _onChange(_: unknown, change: IChange): void {
    change.runs?.forEach(run => this._look(change.project, run));
  }

  private _look(project: string, run: IChangedRun): void {
    const { message_id: start, end_message_id: end, has_document: has } = run;
    if (start !== null && !has.start) {
      const execution = this._find(start);
      if (execution) {
        void this._send(project, run.id, 'start', execution.start);
      }
    }
    if (end !== null && !has.end && this._find(end)) {
      this._waiting.set(end, { project, run: run.id, message: end });
      this._sendEnd(end);
    }
  }

  private _sendEnd(message: string): void {
    const waiting = this._waiting.get(message);
    const notebook = this._find(message)?.end;
    if (waiting && notebook) {
      this._waiting.delete(message);
      void this._send(waiting.project, waiting.run, 'end', notebook);
    }
  }

  private async _send(
    project: string,
    run: string,
    moment: SnapshotMoment,
    notebook: FrozenNotebook
  ): Promise<void> {
    const key = `${run} ${moment}`;
    const attempts = this._attempts.get(key) ?? 0;
    if (!this.isEnabled || this._sending.has(key) || this._sent.has(key) || attempts >= ATTEMPTS) {
      return;
    }
    this._sending.add(key);
    this._attempts.set(key, attempts + 1);
    try {
      await this._client.putSnapshot(project, run, moment, notebook);
      this._sent.add(key);
      this._attempts.delete(key);
    } catch (error) {
      // The run keeps what the server has; the next change of the run tries again.
      console.warn('Trackbook: the notebook of a run was not stored.', error);
    } finally {
      this._sending.delete(key);
    }
  }

  private _find(message: string) {
    for (const executions of this._notebooks) {
      const execution = executions.get(message);
      if (execution) {
        return execution;
      }
    }
    return undefined;
  }

  private readonly _client: Pick<IClient, 'putSnapshot'>;
  private readonly _changes: IChanges;
  private readonly _notebooks = new Set<Executions>();
  private readonly _waiting = new Map<string, IWaiting>();
  private readonly _sending = new Set<string>();
  private readonly _sent = new Set<string>();
  private readonly _attempts = new Map<string, number>();
  private _isDisposed = false;
}

export namespace SnapshotKeeper {
  export interface IOptions {
    client: Pick<IClient, 'putSnapshot'>;
    changes: IChanges;
  }
}
