import plugins from '../src/index';

describe('plugins', () => {
  it('have ids of their own, all under the name of the package', () => {
    const ids = plugins.map(plugin => plugin.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter(id => !id.startsWith('trackbook:'))).toEqual([]);
  });

  it('are described for the plugin manager', () => {
    expect(plugins.filter(plugin => !plugin.description).map(plugin => plugin.id)).toEqual([]);
  });

  it('start without the parts that their first use brings', async () => {
    const loaded: string[] = [];
    for (const part of [
      'boardPart',
      'comparePanel',
      'jobPanels',
      'nbdimePart',
      'runPanel',
      'tablePanel'
    ]) {
      jest.doMock(`../src/panel/${part}`, () => {
        loaded.push(part);
        return {};
      });
    }
    await jest.isolateModulesAsync(async () => {
      await import('../src/index');
    });
    expect(loaded).toEqual([]);
  });
});
