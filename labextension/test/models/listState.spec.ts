import { ListState } from '../../src/models/listState';

describe('ListState', () => {
  it('unfolds a run to edit its tags, not to rename it', () => {
    const state = new ListState();
    state.edit('a', 'name');
    expect(state.isExpanded('a')).toBe(false);
    state.edit('a', 'tags');
    expect(state.isExpanded('a')).toBe(true);
    expect(state.editing).toEqual({ id: 'a', field: 'tags' });
    state.endEdit('a', 'tags');
    expect(state.editing).toBeNull();
  });

  it('keeps a field open when another one, slow to be saved, is left', () => {
    const state = new ListState();
    state.edit('a', 'name');
    state.edit('b', 'name');
    state.endEdit('a', 'name');
    expect(state.editing).toEqual({ id: 'b', field: 'name' });
    state.endEdit('b', 'tags');
    expect(state.editing).toEqual({ id: 'b', field: 'name' });
    state.endEdit('b', 'name');
    expect(state.editing).toBeNull();
  });

  it('knows how high an unfolded run is', () => {
    const state = new ListState();
    expect(state.extraHeight('a')).toBe(0);
    state.expand('a');
    state.measure('a', 200);
    expect(state.extraHeight('a')).toBe(200);
    state.expand('a');
    expect(state.extraHeight('a')).toBe(0);
  });
});
