import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

import { Client } from '../client/client';
import { IClient } from '../client/tokens';

/** Provides the REST client; disable it to put another in its place. */
export const clientPlugin: JupyterFrontEndPlugin<IClient> = {
  id: 'trackbook:client',
  description: 'Asks the server of Trackbook.',
  autoStart: true,
  provides: IClient,
  activate: (app: JupyterFrontEnd): IClient =>
    new Client({ serverSettings: app.serviceManager.serverSettings })
};
