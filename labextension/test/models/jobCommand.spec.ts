import { type IJob, type IJobSpec } from '../../src/client/types';
import { jobCommand, sameAgain } from '../../src/models/jobCommand';
import { sample } from '../support/samples';

const spec: IJobSpec = {
  ...sample<IJob>('job').spec,
  params: {},
  timeout: null,
  cell_timeout: null,
  memory: null,
  retries: 0
};

describe('jobCommand', () => {
  it('names notebook and parameters', () => {
    const params = { lr: 0.1, layers: [64, 64], name: 'best' };
    expect(jobCommand({ ...spec, params })).toBe(
      "trackbook run train.ipynb -p lr=0.1 -p 'layers=[64,64]' -p name=best --experiment churn"
    );
  });

  it('quotes what a shell would take for its own', () => {
    const params = { text: "it's $HOME; `rm`", größe: 'µ' };
    expect(jobCommand({ ...spec, path: 'my work/a b.ipynb', params })).toBe(
      `trackbook run 'my work/a b.ipynb' -p 'text=it'\\''s $HOME; \`rm\`' -p 'größe=µ' --experiment churn`
    );
  });

  it('has the limits', () => {
    const limits = { timeout: 600, cell_timeout: 10, memory: 2_000_000_000, retries: 2 };
    const words = jobCommand({ ...spec, ...limits, retry_delay: 5, retry_on: ['died', 'memory'] });
    expect(words).toContain('--timeout 600 --cell-timeout 10 --memory 2000000000 --retries 2');
    expect(words).toContain('--retry-delay 5 --retry-on died,memory');
  });
});

describe('sameAgain', () => {
  it('asks for the same, without limits that there were not', () => {
    const request = sameAgain({ ...spec, params: { lr: 1 }, timeout: 60 }, 'work/train.ipynb');
    expect(request).toEqual({
      notebook: 'work/train.ipynb',
      params: { lr: 1 },
      sweep: {},
      experiment: 'churn',
      retries: 0,
      retry_delay: spec.retry_delay,
      retry_on: spec.retry_on,
      timeout: 60
    });
  });
});

describe('a job that repeats a run', () => {
  it('has the command that repeats it', () => {
    const reproduction = {
      run_id: '019aa5b0',
      tolerance: 0.001,
      environment: true,
      allow_changed_data: true,
      ignore: ['*_seconds']
    };
    expect(jobCommand({ ...spec, reproduction, timeout: 60 })).toBe(
      "trackbook reproduce 019aa5b0 --tolerance 0.001 --ignore '*_seconds' --env --allow-changed-data --timeout 60"
    );
    const plain = { ...reproduction, tolerance: null, environment: false, ignore: [] };
    expect(jobCommand({ ...spec, reproduction: { ...plain, allow_changed_data: false } })).toBe(
      'trackbook reproduce 019aa5b0'
    );
  });
});
