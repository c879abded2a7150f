import type { IObjective, ISweep, Sampler } from '../client/sweeps';
import { formatNumber } from '../format';

/** What a sampler is called. */
export function samplerName(sampler: Sampler): string {
  const names: Partial<Record<string, string>> = {
    tpe: 'TPE',
    cmaes: 'CMA-ES',
    nsga2: 'NSGA-II'
  };
  return names[sampler] ?? sampler;
}

/** An objective with an arrow to its optimum. */
export function objectiveText({ metric, direction }: IObjective): string {
  return direction === null ? metric : `${metric} ${direction === 'max' ? '↑' : '↓'}`;
}

/** The best value so far, with its metric; an empty text while there is none. */
export function bestText({ best, objectives }: ISweep): string {
  if (!best) {
    return '';
  }
  const values = objectives.map(({ metric }, place) => {
    const value = best.values[place] ?? null;
    return value === null ? '' : `${metric} ${formatNumber(value)}`;
  });
  return values.filter(Boolean).join(', ');
}
