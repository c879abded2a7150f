import type { IArtifact } from '../client/types';

export type PreviewKind = 'image' | 'html' | 'text' | 'none';

/** The largest file that is loaded to be looked at, in bytes. */
const LIMIT = 5_000_000;
const TEXT_LIMIT = 500_000;

const TEXT = /^(text\/|application\/(json|x-ndjson|yaml|x-yaml|toml|xml|x-ipynb\+json))/;

/** How a file can be shown. An SVG is an image: inside an image nothing of it runs. */
export function previewKind({
  media_type,
  size
}: Pick<IArtifact, 'media_type' | 'size'>): PreviewKind {
  if (size > LIMIT) {
    return 'none';
  }
  if (media_type.startsWith('image/')) {
    return 'image';
  }
  if (media_type === 'text/html') {
    return 'html';
  }
  return TEXT.test(media_type) && size <= TEXT_LIMIT ? 'text' : 'none';
}

/**
 * The document for a frame without any rights: no script runs there, and nothing is loaded, so that it can't
 * make the browser send requests in the user's name either.
 */
export function sandboxed(html: string): string {
  const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:";
  return `<meta http-equiv="Content-Security-Policy" content="${policy}">${html}`;
}
