import { previewKind, sandboxed } from '../../src/components/preview';

describe('a preview', () => {
  it.each([
    ['image/png', 1000, 'image'],
    ['image/svg+xml', 1000, 'image'],
    ['text/html', 1000, 'html'],
    ['text/csv', 1000, 'text'],
    ['application/json', 1000, 'text'],
    ['application/x-ipynb+json', 600_000, 'none'],
    ['application/octet-stream', 10, 'none'],
    ['image/png', 50_000_000, 'none']
  ] as const)('of %s with %d bytes is %s', (media_type, size, kind) => {
    expect(previewKind({ media_type, size })).toBe(kind);
  });

  it('of a page allows it to load and run nothing', () => {
    expect(sandboxed('<img src="/api/shutdown">')).toMatch(/^<meta[^>]+default-src 'none'/);
  });
});
