import { ApiError } from '../../src/client/errors';
import { type IRunDetail } from '../../src/client/types';
import { RunModel } from '../../src/models/run';
import { FakeChanges, PROJECT, until } from './fakes';

/** That the server knows no such thing. */
export const MISSING = new ApiError('not_found', 'There is no such thing.', 404);

/** A server that knows one run and, unless it is told, nothing that belongs to it. */
export function runClient(
  detail: IRunDetail,
  answers: Partial<RunModel.Client> = {}
): RunModel.Client {
  const missing = () => Promise.reject(MISSING);
  return {
    run: () => Promise.resolve(detail),
    editRun: () => Promise.resolve(detail.run),
    cell: (_, __, order) =>
      Promise.resolve({ execution: detail.cells[order - 1], source: 'x = 1', outputs: [] }),
    job: missing,
    artifact: missing,
    artifactUrl: (_, __, path) => `url-of-${path}`,
    value: missing,
    valueUrl: () => 'url',
    verdict: missing,
    diagnosis: missing,
    resumption: missing,
    environmentText: missing,
    ...answers
  };
}

/** The model of a run, once the server has answered. */
export async function runModel(
  detail: IRunDetail,
  answers: Partial<RunModel.Client> = {}
): Promise<RunModel> {
  const client = runClient(detail, answers);
  const options = { client, changes: new FakeChanges(), project: PROJECT.id, id: detail.run.id };
  const model = new RunModel(options);
  await until(() => model.detail !== null);
  return model;
}
