import type { IArtifact, IColumn } from '../client/types';

/** A model among the artifacts of a run: its name, and the path of the file that describes it. */
export interface IModelFiles {
  name: string;
  path: string;
}

/** What a model's description says. */
export interface IModelInfo {
  flavor: string;
  /** Loading it runs code that is stored with it. */
  isUnsafe: boolean;
  inputs: IColumn[];
  outputs: IColumn[];
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
  const versions = isRecord(value.versions) ? value.versions : {};
  return {
    flavor: value.flavor,
    isUnsafe: value.unsafe === true,
    inputs: readColumns(signature.inputs),
    outputs: readColumns(signature.outputs ?? signature.output),
    versions: Object.entries(versions).map(([name, version]) => [name, toText(version)])
  };
}

function readColumns(value: unknown): IColumn[] {
  const items: unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value];
  return items.flatMap(item => {
    if (typeof item === 'string') {
      return [{ name: '', type: item }];
    }
    return isRecord(item) ? [{ name: toText(item.name), type: toText(item.type) }] : [];
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
