import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { type IRun, type IRunPage } from '../../src/client/types';
import { decodeRun } from '../../src/client/numbers';

/** A sample answer of the server; pytest checks the same files against the server's contract. */
export function sample<T>(name: string): T {
  const path = join(__dirname, '../../../tests/contract', `${name}.json`);
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}

/** The sample runs, as the client hands them on. */
export function sampleRuns(): IRun[] {
  return sample<IRunPage>('runs').runs.map(decodeRun);
}

/** `count` runs, the newest first, made of a sample one. */
export function manyRuns(count: number, change: Partial<IRun> = {}): IRun[] {
  const [run] = sampleRuns();
  return Array.from({ length: count }, (_, place) => {
    const number = count - place;
    return { ...run, ...change, id: runId(number), number };
  });
}

/** The id of a made run. */
export function runId(number: number): string {
  return `019aa5b0-0000-7000-8000-${String(number).padStart(12, '0')}`;
}
