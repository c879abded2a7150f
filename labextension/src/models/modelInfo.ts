import type { IArtifact, IColumn } from '../client/types';

/** A model among the artifacts of a run: its name, and the path of the file that describes it. */
export interface IModelFiles {
  name: string;
  path: string;
}

/** What a model's description says. */
export interface IModelInfo {
  flavor: string;
  /** The model's class; empty where nobody said. */
  kind: string;
  /** Loading it runs code that is stored with it. */
  isUnsafe: boolean;
  inputs: IColumn[];
  outputs: IColumn[];
  /** Why the model did not take its example; null: it did, or there is none. */
  problem: string | null;
  versions: [name: string, version: string][];
}

const DESCRIPTION = '/model.json';

/** The models of a run: folders of artifacts that hold a description. */
export function findModels(artifacts: readonly IArtifact[]): IModelFiles[] {
  return artifacts
    .filter(({ kind, path }) => kind === 'model' && path.endsWith(DESCRIPTION))
    .map(({ path }) => ({ path, name: path.slice(0, -DESCRIPTION.length) }));
}

/** Return what a description says; null where it is none. */
export function readModelInfo(text: string): IModelInfo | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(value) || typeof value.flavor !== 'string') {
    return null;
  }
  const signature = isRecord(value.signature) ? value.signature : {};
  const libraries = isRecord(value.libraries) ? value.libraries : {};
  return {
    flavor: value.flavor,
    kind: toText(value.kind),
    isUnsafe: value.unsafe === true,
    inputs: readColumns(signature.inputs),
    outputs: readColumns(signature.outputs),
    problem: typeof signature.problem === 'string' ? signature.problem : null,
    versions: Object.entries(libraries).map(([name, version]) => [name, toText(version)])
  };
}

/** Columns with name and type; of an array the type and its shape, where a dot stands for what varies. */
function readColumns(value: unknown): IColumn[] {
  const items: unknown[] = Array.isArray(value) ? value : [];
  return items.filter(isRecord).map(({ name, type, shape }) => {
    const sizes = Array.isArray(shape)
      ? shape.map(size => (size === null ? '·' : toText(size)))
      : [];
    const suffix = sizes.length ? ` (${sizes.join(' × ')})` : '';
    return { name: toText(name), type: `${toText(type)}${suffix}` };
  });
}

function toText(value: unknown): string {
  if (typeof value === 'string') {
    return value;
  }
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
