import { expect, test } from '@jupyterlab/galata';

import { addNotebook } from './support/notebooks';

test.describe('The extension', () => {
  test('is loaded by JupyterLab, which knows its plugins', async ({ page }) => {
    const extensions = await page.evaluate(() => {
      const config = document.getElementById('jupyter-config-data')?.textContent ?? '{}';
      const parsed = JSON.parse(config) as { federated_extensions: { name: string }[] };
      return parsed.federated_extensions.map(extension => extension.name);
    });
    expect(extensions).toContain('trackbook');

    const plugins = await page.evaluate(() => window.jupyterapp.listPlugins());
    expect(plugins.filter(id => id.startsWith('trackbook:'))).not.toEqual([]);
  });

  test('leaves a notebook running as before', async ({ page, tmpPath }) => {
    const path = `${tmpPath}/plain.ipynb`;
    await addNotebook(page, path, ['print(6 * 7)', { source: '# Done', type: 'markdown' }]);
    await page.notebook.openByPath(path);
    await page.notebook.activate('plain.ipynb');
    await page.notebook.run();
    const output = await page.notebook.getCellTextOutput(0);
    expect(output).toEqual(['42\n']);
  });
});
