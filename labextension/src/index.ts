import { type JupyterFrontEndPlugin } from '@jupyterlab/application';

import { clientPlugin } from './plugins/client';
import { commandsPlugin } from './plugins/commands';
import { lintPlugin } from './plugins/lint';
import { modelsPlugin } from './plugins/models';
import { notificationsPlugin } from './plugins/notifications';
import { pagesPlugin } from './plugins/pages';
import { sidebarPlugin } from './plugins/sidebar';
import { snapshotsPlugin } from './plugins/snapshots';

export { IClient } from './client/tokens';
export { IModels, IPages } from './tokens';

/** Everything that Trackbook adds to JupyterLab; each plugin can be disabled alone. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [
  clientPlugin,
  modelsPlugin,
  pagesPlugin,
  commandsPlugin,
  sidebarPlugin,
  snapshotsPlugin,
  lintPlugin,
  notificationsPlugin
];

export default plugins;
