// Opens the curves of the newest runs.

/* global window, fetch */

import { command } from './browser.mjs';

/** Compare the newest runs at their curves; returns when that was asked for, by the page's clock. */
export async function compareAll(page, count, query = '') {
  const { project, runs } = await page.evaluate(
    async ({ count, query }) => {
      const base = window.jupyterapp.serviceManager.serverSettings.baseUrl;
      const answer = async path => (await fetch(`${base}trackbook/api/${path}`)).json();
      const [{ id }] = (await answer('projects')).projects;
      const asked = `limit=${count}&query=${encodeURIComponent(query)}`;
      let runs = [];
      while (runs.length < count) {
        ({ runs } = await answer(`projects/${id}/runs?${asked}`));
      }
      return { project: id, runs: runs.map(run => run.id) };
    },
    { count, query }
  );
  return command(page, 'trackbook:compare-runs', { project, runs, tab: 'curves' });
}
