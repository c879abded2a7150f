import type { KernelMessage } from '@jupyterlab/services';

import type { FrozenNotebook } from './freezer';

/** An execution that this browser asked for, with the notebook before and after it. */
export interface IExecution {
  start: FrozenNotebook;
  /** null until the cell's reply and all of its outputs are here. */
  end: FrozenNotebook | null;
  hasReply: boolean;
  isIdle: boolean;
}

/** How many executions of a notebook are remembered; "Run all" sends as many at once as there are cells. */
const LIMIT = 1000;

/** The executions of one notebook by the ids of their messages. Most notebooks in it are the same object. */
export class Executions {
  constructor(private readonly _freeze: () => FrozenNotebook) {}

  get(message: string): IExecution | undefined {
    return this._executions.get(message);
  }

  /** An execution was scheduled: this is the notebook that the user ran. */
  scheduled(cell: string): void {
    this._scheduled.set(cell, this._freeze());
  }

  /** A message went to the kernel or came from it; returns the id of an execution that it ended. */
  heard(direction: 'send' | 'recv', message: KernelMessage.IMessage): string | null {
    const type = message.header.msg_type;
    if (direction === 'send') {
      if (type === 'execute_request') {
        this._sent(message);
      }
      return null;
    }
    const parent = (message.parent_header as Partial<KernelMessage.IHeader>).msg_id;
    const execution = parent === undefined ? undefined : this._executions.get(parent);
    if (!execution || execution.end) {
      return null;
    }
    if (type === 'execute_reply') {
      execution.hasReply = true;
    } else if (type === 'status') {
      const { execution_state: state } = message.content as { execution_state?: string };
      execution.isIdle ||= state === 'idle';
    }
    return execution.hasReply && execution.isIdle ? parent! : null;
  }

  /** The outputs of an ended execution have been drawn: this is the notebook after it. */
  ended(message: string): void {
    const execution = this._executions.get(message);
    if (execution && !execution.end) {
      execution.end = this._freeze();
    }
  }

  private _sent(message: KernelMessage.IMessage): void {
    const cell = message.metadata.cellId;
    if (typeof cell !== 'string') {
      return;
    }
    const start = this._scheduled.get(cell) ?? this._freeze();
    this._scheduled.delete(cell);
    this._executions.set(message.header.msg_id, {
      start,
      end: null,
      hasReply: false,
      isIdle: false
    });
    for (const id of this._executions.keys()) {
      if (this._executions.size <= LIMIT) {
        break;
      }
      this._executions.delete(id);
    }
  }

  private readonly _scheduled = new Map<string, FrozenNotebook>();
  private readonly _executions = new Map<string, IExecution>();
}
