import type { ReadonlyJSONObject } from '@lumino/coreutils';

const PROJECT = {
  type: 'string',
  description: 'The id of the project; the current one without it'
};
const RUN = { type: 'string', description: 'The id of the run; the active row without it' };
const RUNS = {
  type: 'array',
  items: { type: 'string' },
  description: 'The ids of the runs; the selected ones without it'
};
const TAB = { type: 'string', description: 'The tab that is shown first' };

/** What commands take, as JSON schemas. */
export const NOTHING: ReadonlyJSONObject = { type: 'object', properties: {} };
export const ONE_RUN: ReadonlyJSONObject = {
  type: 'object',
  properties: { project: PROJECT, run: RUN }
};
export const A_RUN_PAGE: ReadonlyJSONObject = {
  type: 'object',
  properties: { project: PROJECT, run: RUN, tab: TAB }
};
export const SOME_RUNS: ReadonlyJSONObject = {
  type: 'object',
  properties: { project: PROJECT, run: RUN, runs: RUNS }
};
export const A_COMPARISON: ReadonlyJSONObject = {
  type: 'object',
  properties: { project: PROJECT, runs: RUNS, tab: TAB }
};
export const A_NOTEBOOK: ReadonlyJSONObject = {
  type: 'object',
  properties: {
    path: {
      type: 'string',
      description: 'The contents path of the notebook; the current one without it'
    }
  }
};
const JOB = {
  type: 'string',
  description: 'The id of the job; the one that a context menu was opened on without it'
};
export const A_JOB: ReadonlyJSONObject = {
  type: 'object',
  properties: { project: PROJECT, job: JOB }
};
export const SOME_JOBS: ReadonlyJSONObject = {
  type: 'object',
  properties: {
    project: PROJECT,
    job: JOB,
    jobs: { type: 'array', items: { type: 'string' }, description: 'The ids of several jobs' }
  }
};
export const A_JOBS_PAGE: ReadonlyJSONObject = {
  type: 'object',
  properties: { project: PROJECT, job: { ...JOB, description: 'The job to show' }, tab: TAB }
};
export const A_SWEEP: ReadonlyJSONObject = {
  type: 'object',
  properties: {
    project: PROJECT,
    sweep: {
      type: 'string',
      description: 'The id of the sweep; the one that a context menu was opened on without it'
    },
    tab: TAB
  }
};
export const A_PLACE: ReadonlyJSONObject = {
  type: 'object',
  properties: {
    project: PROJECT,
    source: {
      type: 'string',
      description: 'The path in the project, in place of the contents path'
    },
    path: {
      type: 'string',
      description: 'The contents path of the notebook; the current one without it'
    },
    id: { type: 'string', description: 'The id of the cell' },
    cell: { type: 'number', description: 'The position of the cell from 1, where it has no id' },
    line: { type: 'number', description: 'The line in the cell, from 1' },
    column: { type: 'number', description: 'The column in the line, from 1' }
  }
};
export const A_CELL: ReadonlyJSONObject = {
  type: 'object',
  properties: {
    cell: { type: 'string', description: 'The id of the cell; all of them without it' }
  }
};
export const A_CHART: ReadonlyJSONObject = {
  type: 'object',
  properties: { code: { type: 'string', description: 'The Python code that draws the chart' } },
  required: ['code']
};
