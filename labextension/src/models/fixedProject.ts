import type { IProject } from '../client/types';
import type { IProjectHolder } from './jobs';
import { Observable } from './observable';

/** A project that stays: what a page is about doesn't follow the user. */
export class FixedProject extends Observable implements IProjectHolder {
  constructor(id: string) {
    super();
    this.project = { id };
  }

  readonly project: Pick<IProject, 'id'>;
}
