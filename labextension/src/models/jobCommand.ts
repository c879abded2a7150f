import type { IReproductionOptions } from '../client/reproduction';
import type { IJobRequest } from '../client/tokens';
import type { IJobSpec, JsonValue } from '../client/types';

/** The command line that runs a job's notebook with the same parameters and limits, for a POSIX shell. */
export function jobCommand(spec: IJobSpec): string {
  if (spec.reproduction) {
    return reproduceCommand(spec.reproduction, spec.timeout);
  }
  const words = ['trackbook', 'run', quote(spec.path)];
  const option = (name: string, value: string | number | null) => {
    if (value !== null) {
      words.push(name, quote(String(value)));
    }
  };
  for (const [name, value] of Object.entries(spec.params)) {
    option('-p', `${name}=${textOf(value)}`);
  }
  option('--experiment', spec.experiment);
  option('--timeout', spec.timeout);
  option('--cell-timeout', spec.cell_timeout);
  option('--memory', spec.memory);
  if (spec.retries > 0) {
    option('--retries', spec.retries);
    option('--retry-delay', spec.retry_delay);
    option('--retry-on', spec.retry_on.join(','));
  }
  return words.join(' ');
}

/** The command line that repeats a run. */
function reproduceCommand(how: IReproductionOptions, timeout: number | null): string {
  const words = ['trackbook', 'reproduce', how.run_id];
  if (how.tolerance !== null) {
    words.push('--tolerance', String(how.tolerance));
  }
  how.ignore.forEach(pattern => words.push('--ignore', quote(pattern)));
  if (how.environment) {
    words.push('--env');
  }
  if (how.allow_changed_data) {
    words.push('--allow-changed-data');
  }
  if (timeout !== null) {
    words.push('--timeout', String(timeout));
  }
  return words.join(' ');
}

/** The request that runs a job's notebook, as it is now at a contents path, with the same parameters and limits. */
export function sameAgain(spec: IJobSpec, notebook: string): IJobRequest {
  return {
    notebook,
    params: spec.params,
    sweep: {},
    experiment: spec.experiment,
    retries: spec.retries,
    retry_delay: spec.retry_delay,
    retry_on: spec.retry_on,
    ...(spec.timeout !== null && { timeout: spec.timeout }),
    ...(spec.cell_timeout !== null && { cell_timeout: spec.cell_timeout }),
    ...(spec.memory !== null && { memory: spec.memory })
  };
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
