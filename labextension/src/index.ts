import { type JupyterFrontEndPlugin } from '@jupyterlab/application';

/** Everything that Trackbook adds to JupyterLab; each plugin can be disabled alone. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [];

export default plugins;
