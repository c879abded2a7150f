import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { type IJupyterLabPageFixture } from '@jupyterlab/galata';

/** A cell to write: the source alone, or with what else matters to the test. */
export interface ICellSource {
  source: string;
  type?: 'code' | 'markdown' | 'raw';
  tags?: string[];
}

/** The server's root folder on disk, for tests that also use the command line there. */
export function serverRoot(): string {
  const root = process.env.JUPYTERLAB_GALATA_ROOT_DIR;
  if (!root) {
    throw new Error(
      'The Playwright configuration sets JUPYTERLAB_GALATA_ROOT_DIR; it is not loaded.'
    );
  }
  return root;
}

/** A Python notebook of these cells as a document; a plain string is a code cell. */
export function makeNotebook(cells: (string | ICellSource)[]): object {
  return {
    cells: cells.map((given, index) => {
      const cell = typeof given === 'string' ? { source: given } : given;
      const type = cell.type ?? 'code';
      return {
        id: `cell-${index + 1}`,
        cell_type: type,
        metadata: cell.tags ? { tags: cell.tags } : {},
        source: cell.source,
        ...(type === 'code' ? { execution_count: null, outputs: [] } : {})
      };
    }),
    metadata: {
      kernelspec: { display_name: 'Python 3 (ipykernel)', language: 'python', name: 'python3' },
      language_info: { name: 'python' }
    },
    nbformat: 4,
    nbformat_minor: 5
  };
}

/** Write a notebook of these cells at a path under the server's root. */
export async function addNotebook(
  page: IJupyterLabPageFixture,
  path: string,
  cells: (string | ICellSource)[]
): Promise<void> {
  await upload(page, JSON.stringify(makeNotebook(cells)), path);
}

/** Copy a notebook of `examples/` to a path under the server's root. */
export async function addExample(
  page: IJupyterLabPageFixture,
  name: string,
  path: string
): Promise<void> {
  await upload(page, readFileSync(join(__dirname, '../../../examples', name), 'utf8'), path);
}

async function upload(page: IJupyterLabPageFixture, text: string, path: string): Promise<void> {
  if (!(await page.contents.uploadContent(text, 'text', path))) {
    throw new Error(`The server did not take ${path}.`);
  }
}
