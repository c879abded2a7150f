import { PathExt } from '@jupyterlab/coreutils';
import type { Contents } from '@jupyterlab/services';

import type { ICommandContext } from './context';
import { isInside } from './targets';

/** How many names are tried before the copy is refused. */
const ATTEMPTS = 100;

/** Write a run's notebook as it was into a new file beside the notebook, and open it; nothing is overwritten. */
export async function openSnapshot(
  context: ICommandContext,
  project: string,
  run: string
): Promise<void> {
  const { app, client, models } = context;
  const { contents } = app.serviceManager;
  const detail = await client.run(project, run);
  const moments = detail.snapshots.map(info => info.moment);
  const { notebook } = await client.snapshot(
    project,
    run,
    moments.includes('start') ? 'start' : 'end'
  );
  const folder = models.project.known(project)?.path ?? '';
  const source = detail.run.source.path ?? 'notebook.ipynb';
  const place = isInside(source) ? PathExt.join(folder, PathExt.dirname(source)) : folder;
  const stem = PathExt.basename(source, PathExt.extname(source));
  const path = await freePath(contents, place, `${stem}-run${detail.run.number}`);
  await contents.save(path, { type: 'notebook', format: 'json', content: notebook });
  await app.commands.execute('docmanager:open', { path });
}

async function freePath(
  contents: Contents.IManager,
  folder: string,
  stem: string
): Promise<string> {
  const { content } = (await contents.get(folder)) as { content: Contents.IModel[] };
  const taken = new Set(content.map(item => item.name));
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const name = attempt ? `${stem}-${attempt}.ipynb` : `${stem}.ipynb`;
    if (!taken.has(name)) {
      return PathExt.join(folder, name);
    }
  }
  throw new Error(`There are ${ATTEMPTS} copies of ${stem} already.`);
}
