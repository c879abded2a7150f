import { scopeFromText, scopeToText } from '../../src/models/scope';

describe('a scope', () => {
  it('is remembered as text', () => {
    for (const text of ['notebook', 'project', 'trash', 'experiment:a:b']) {
      expect(scopeToText(scopeFromText(text))).toBe(text);
    }
    expect(scopeFromText(undefined)).toEqual({ kind: 'notebook' });
  });
});
