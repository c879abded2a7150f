import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IClient } from '../client/tokens';
import type { IModels, IPages } from '../tokens';

/** What commands work with. */
export interface ICommandContext {
  app: JupyterFrontEnd;
  client: IClient;
  models: IModels;
  pages: IPages;
  trans: TranslationBundle;
  notebooks: INotebookTracker | null;
}
