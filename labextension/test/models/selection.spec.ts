import { SelectionModel } from '../../src/models/selection';

describe('SelectionModel', () => {
  it('keeps the order in which runs were selected', () => {
    const selection = new SelectionModel();
    selection.toggle('b');
    selection.toggle('a');
    selection.add(['b', 'c']);
    expect(selection.ids).toEqual(['b', 'a', 'c']);
    selection.toggle('a');
    selection.remove(['b']);
    expect(selection.ids).toEqual(['c']);
  });

  it('tells of changes, and of nothing else', () => {
    const selection = new SelectionModel();
    const changed = jest.fn();
    selection.changed.connect(changed);
    selection.set(['a']);
    selection.set(['a']);
    selection.clear();
    selection.clear();
    expect(changed).toHaveBeenCalledTimes(2);
  });
});
