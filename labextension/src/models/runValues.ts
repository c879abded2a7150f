import type { IRunTarget } from '../client/board';
import type { IClient } from '../client/tokens';
import type { IRichValue, IRun, RichKind } from '../client/types';
import { groupValues, type IValueSeries } from './values';

/** So many runs are shown side by side; of more the newest, or those that were selected first. */
export const MOST_BESIDE = 12;

/** A run with what it logged beside metrics. */
export interface IRunValues {
  run: IRun;
  series: IValueSeries[];
  /** The bytes of one of its values. */
  value(value: IRichValue): Promise<Blob>;
}

/** The runs that are shown, and whether there are more. */
export interface IValuesBeside {
  runs: IRunValues[];
  isMore: boolean;
}

/** Load what some runs logged of some kinds. */
export async function loadRunValues(
  client: Pick<IClient, 'run' | 'runs' | 'value'>,
  project: string,
  target: IRunTarget,
  kinds: readonly RichKind[],
  signal?: AbortSignal
): Promise<IValuesBeside> {
  const { ids, isMore } = await idsOf(client, project, target, signal);
  const details = await Promise.all(ids.map(id => client.run(project, id)));
  const runs = details.map(({ run, values }) => ({
    run,
    series: groupValues(values.filter(({ value }) => kinds.includes(value.kind))),
    value: (value: IRichValue) => client.value(project, run.id, value)
  }));
  return { runs, isMore };
}

async function idsOf(
  client: Pick<IClient, 'runs'>,
  project: string,
  target: IRunTarget,
  signal?: AbortSignal
): Promise<{ ids: readonly string[]; isMore: boolean }> {
  if ('runs' in target) {
    const { runs } = target;
    return { ids: runs.slice(0, MOST_BESIDE), isMore: runs.length > MOST_BESIDE };
  }
  const { query, notebook, experiment, trashed } = target.scope;
  const options = {
    query,
    notebook: notebook ?? undefined,
    experiment: experiment ?? undefined,
    trashed,
    limit: MOST_BESIDE
  };
  const page = await client.runs(project, options, signal);
  return { ids: page.runs.map(run => run.id), isMore: page.total > page.runs.length };
}

/** The names under which any of the runs logged something, those that most have first. */
export function namesIn(runs: readonly IRunValues[]): string[] {
  const counts = new Map<string, number>();
  for (const { series } of runs) {
    series.forEach(({ name }) => counts.set(name, (counts.get(name) ?? 0) + 1));
  }
  return [...counts].sort(([, a], [, b]) => b - a).map(([name]) => name);
}

/** The steps at which any of the runs logged something under a name. */
export function stepsOf(runs: readonly IRunValues[], name: string): number[] {
  const steps = runs.flatMap(({ series }) =>
    series.filter(one => one.name === name).flatMap(({ values }) => values.map(v => v.value.step))
  );
  return [...new Set(steps)].sort((a, b) => a - b);
}

/** What stood under a name at a step: what was logged last before it, where nothing was logged there. */
export function valueAt({ series }: IRunValues, name: string, step: number) {
  const values = series.find(one => one.name === name)?.values ?? [];
  return [...values].reverse().find(({ value }) => value.step <= step) ?? null;
}
