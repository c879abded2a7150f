import type { JupyterFrontEnd } from '@jupyterlab/application';
import { PathExt } from '@jupyterlab/coreutils';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { IModels } from '../tokens';

/** The runs that a command works on, and their project. */
export interface ITargets {
  project: string;
  runs: readonly string[];
}

/** The runs that the arguments name; else the selected ones if the active row is among them; else the active row. */
export function targetsOf(models: IModels, args: ReadonlyPartialJSONObject): ITargets | null {
  const project = projectOf(models, args);
  if (project === null) {
    return null;
  }
  const named = namedRuns(args);
  if (named.length) {
    return { project, runs: named };
  }
  const { active } = models.listState;
  const { selection } = models;
  if (active !== null && !selection.has(active)) {
    return { project, runs: [active] };
  }
  return selection.size ? { project, runs: selection.ids } : null;
}

/** The one run that a command works on; null when there are several or none. */
export function targetOf(
  models: IModels,
  args: ReadonlyPartialJSONObject
): { project: string; run: string } | null {
  const project = projectOf(models, args);
  const run = textOf(args.run) ?? models.listState.active;
  return project === null || run === null ? null : { project, run };
}

/** The contents path of a file that a run or job names by its path in the project; null where the server can't show it. */
export function contentsPath(models: IModels, project: string, source: string): string | null {
  const folder = models.project.known(project)?.path;
  return folder === undefined || !isInside(source) ? null : PathExt.join(folder, source);
}

/** Whether a path is one in the project. */
export function isInside(source: string): boolean {
  return !source.startsWith('/') && !source.startsWith('..') && !/^[A-Za-z]:/.test(source);
}

/** What the element that a context menu was opened on says under a `data-` name; null where it says nothing. */
export function pointedAt(app: JupyterFrontEnd, name: string): string | null {
  const node = app.contextMenuHitTest(({ dataset }) => dataset[name] !== undefined);
  return node?.dataset[name] ?? null;
}

/** An argument as text; null when it is none. */
export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** The project that a command works in: the one that is named, else that of the active row. */
function projectOf(models: IModels, args: ReadonlyPartialJSONObject): string | null {
  const active = namedRuns(args).length ? null : models.listState.activeProject;
  return textOf(args.project) ?? active ?? models.project.project?.id ?? null;
}

function namedRuns(args: ReadonlyPartialJSONObject): string[] {
  const { run, runs } = args;
  const list: readonly unknown[] = Array.isArray(runs) ? runs : [run];
  return list.filter((id): id is string => textOf(id) !== null);
}
