import { ColoursModel } from '../../src/models/colours';

describe('ColoursModel', () => {
  const variables = (colours: ColoursModel, ids: string[]) =>
    ids.map(id => colours.get(id).variable + colours.get(id).dash);

  it('gives runs that are seen together different colours, for good', () => {
    const colours = new ColoursModel();
    const ids = ['a', 'b', 'c'];
    colours.assign(ids);
    const before = variables(colours, ids);
    expect(new Set(before).size).toBe(3);
    colours.assign(['d', 'c']);
    expect(variables(colours, ids)).toEqual(before);
  });

  it('gives runs that are opened one by one different colours, too', () => {
    const colours = new ColoursModel();
    ['a', 'b', 'c'].forEach(id => colours.assign([id]));
    expect(new Set(variables(colours, ['a', 'b', 'c'])).size).toBe(3);
  });

  it('parts runs of one colour when they meet', () => {
    const colours = new ColoursModel();
    const many = Array.from({ length: 20 }, (_, i) => `r${i}`);
    many.forEach(id => colours.assign([id]));
    colours.assign(many);
    expect(new Set(variables(colours, many)).size).toBe(20);
  });
});
