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
});
