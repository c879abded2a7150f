import type { IObjective, Pruner, Sampler, Space } from '../client/sweeps';
import { isRange } from '../client/sweeps';
import type { IParameter } from '../client/parameters';
import type { Goal } from '../client/types';
import { countSpace } from './fieldRange';

/** How a sweep goes about it, as it was written. */
export interface ISweepOptions {
  /** Null: as the values call for. */
  sampler: Sampler | null;
  trials: string;
  objectives: readonly IObjective[];
  pruner: Pruner;
  seed: string;
  sharePrefix: boolean;
}

export const SWEEP_DEFAULTS: ISweepOptions = {
  sampler: null,
  trials: '20',
  objectives: [{ metric: '', direction: 'max' }],
  pruner: 'none',
  seed: '',
  sharePrefix: false
};

/** What is wrong with an option; a code, so that the view can say it in the user's language. */
export type SweepProblem =
  'count' | 'seed' | 'objective' | 'oneObjective' | 'twice' | 'step' | 'numbers';

export type SweepProblems = Partial<Record<keyof ISweepOptions, SweepProblem>>;

/** A parameter that is swept, and what it may be. */
export interface ISwept {
  parameter: IParameter;
  space: Space;
}

/** The objectives that have a name. */
export function namedObjectives({ objectives }: ISweepOptions): IObjective[] {
  return objectives
    .map(({ metric, direction }) => ({ metric: metric.trim(), direction }))
    .filter(({ metric }) => metric !== '');
}

/** The sampler: the chosen one, else a grid for lists, and for ranges one that learns where there is something to learn. */
export function samplerOf(options: ISweepOptions, hasRange: boolean): Sampler {
  if (options.sampler) {
    return options.sampler;
  }
  if (!hasRange) {
    return 'grid';
  }
  const count = namedObjectives(options).length;
  return count > 1 ? 'nsga2' : count === 1 ? 'tpe' : 'random';
}

/** How many trials there will be; null where an option is wrong. */
export function countTrials(options: ISweepOptions, swept: readonly ISwept[]): number | null {
  if (samplerOf(options, hasRange(swept)) !== 'grid') {
    return isCount(options.trials) ? Number(options.trials) : null;
  }
  return swept.reduce<number | null>((product, { parameter, space }) => {
    const count = countSpace(parameter, space);
    return product === null || count === null ? null : product * count;
  }, 1);
}

/** What is wrong with the options of a sweep over these parameters. */
export function problemsOf(options: ISweepOptions, swept: readonly ISwept[]): SweepProblems {
  const problems: SweepProblems = {};
  const sampler = samplerOf(options, hasRange(swept));
  const objectives = namedObjectives(options);
  if (sampler === 'grid') {
    if (countTrials(options, swept) === null) {
      problems.sampler = 'step';
    }
  } else if (!isCount(options.trials)) {
    problems.trials = 'count';
  }
  if (sampler === 'cmaes' && !swept.every(({ space }) => isRange(space))) {
    problems.sampler = 'numbers';
  }
  if (new Set(objectives.map(({ metric }) => metric)).size < objectives.length) {
    problems.objectives = 'twice';
  } else if (!objectives.length && (learns(sampler) || options.pruner !== 'none')) {
    problems.objectives = 'objective';
  } else if (objectives.length > 1 && (sampler === 'cmaes' || options.pruner !== 'none')) {
    problems.objectives = 'oneObjective';
  }
  if (options.seed.trim() !== '' && !/^\d{1,9}$/.test(options.seed.trim())) {
    problems.seed = 'seed';
  }
  return problems;
}

/** Whether a sampler chooses by what came of earlier trials. */
export function learns(sampler: Sampler): boolean {
  return sampler === 'tpe' || sampler === 'cmaes' || sampler === 'nsga2';
}

/** The direction that runs gave to a metric, where they did. */
export function goalDirection(goal: string | undefined): Goal | null {
  return goal === 'max' || goal === 'min' ? goal : null;
}

function isCount(text: string): boolean {
  const count = Number(text.trim());
  return text.trim() !== '' && Number.isInteger(count) && count >= 1 && count <= 100_000;
}

function hasRange(swept: readonly ISwept[]): boolean {
  return swept.some(({ space }) => isRange(space));
}
