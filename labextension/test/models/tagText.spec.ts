import { tagsFromText, tagsToText } from '../../src/models/tagText';

describe('tags as text', () => {
  it('are read back as they were', () => {
    const tags = { baseline: '', team: 'vision', 'a=b': 'c', note: 'x, y', quote: 'say "hi"' };
    expect(tagsFromText(tagsToText(tags), tags)).toEqual({});
  });

  it('become a change: new, other and gone', () => {
    const before = { baseline: '', team: 'vision', stage: 'draft' };
    expect(tagsFromText('baseline, team=nlp, fast, "why=a, b"', before)).toEqual({
      team: 'nlp',
      fast: '',
      why: 'a, b',
      stage: null
    });
    expect(tagsFromText('', { a: '' })).toEqual({ a: null });
  });
});
