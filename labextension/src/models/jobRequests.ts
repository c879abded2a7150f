import type { ISharingQuestion, ISweepRequest, Space } from '../client/sweeps';
import type { IJobRequest } from '../client/tokens';
import type { JsonValue } from '../client/types';
import { readValue } from './fieldValue';
import type { JobFormModel } from './jobForm';
import { type ISwept, namedObjectives } from './sweepOptions';

/** The request that a form makes of one job; every field has to be right. */
export function makeJobRequest(form: JobFormModel): IJobRequest {
  const { parallel } = form.options;
  return {
    notebook: form.notebook,
    params: paramsOf(form),
    sweep: {},
    ...commonOf(form),
    ...(parallel.trim() && { parallel: Number(parallel) })
  };
}

/** What a form asks of the cells that trials share; every field has to be right. */
export function makeSharingQuestion(
  form: JobFormModel,
  swept: readonly ISwept[]
): ISharingQuestion {
  return { notebook: form.notebook, params: paramsOf(form), space: spaceOf(swept) };
}

/** The request that a form makes of a sweep; every field has to be right. */
export function makeSweepRequest(form: JobFormModel, swept: readonly ISwept[]): ISweepRequest {
  const { trials, pruner, seed, sharePrefix } = form.sweepOptions;
  const { parallel } = form.options;
  const { sampler } = form;
  return {
    notebook: form.notebook,
    params: paramsOf(form),
    space: spaceOf(swept),
    sampler,
    objectives: namedObjectives(form.sweepOptions),
    ...commonOf(form),
    ...(sampler !== 'grid' && { trials: Number(trials) }),
    ...(pruner !== 'none' && { pruner }),
    ...(seed.trim() && { seed: Number(seed) }),
    ...(parallel.trim() && { jobs: Number(parallel) }),
    ...(sharePrefix && { share_prefix: true })
  };
}

function spaceOf(swept: readonly ISwept[]): Record<string, Space> {
  return Object.fromEntries(swept.map(({ parameter, space }) => [parameter.name, space]));
}

/** The parameters that have one value; those that were left alone keep the notebook's own. */
function paramsOf(form: JobFormModel): Record<string, JsonValue> {
  const params: Record<string, JsonValue> = {};
  for (const { parameter, text, mode } of form.fields ?? []) {
    if (mode === 'value' && text.trim() !== '') {
      params[parameter.name] = readValue(parameter, text);
    }
  }
  return params;
}

function commonOf(form: JobFormModel): Pick<IJobRequest, 'experiment' | 'timeout' | 'snapshots'> {
  const { experiment, timeout } = form.options;
  return {
    ...(experiment.trim() && { experiment: experiment.trim() }),
    ...(timeout.trim() && { timeout: Number(timeout) * 60 }),
    ...(form.keepsSnapshots && { snapshots: true })
  };
}
