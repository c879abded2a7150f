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
  properties: {
    project: PROJECT,
    run: RUN,
    runs: RUNS,
    place: { type: 'string', enum: ['sidebar', 'table'], description: 'Where the runs are listed' }
  }
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
const COLUMN = {
  type: 'string',
  description: 'The column; the one that a context menu was opened on without it'
};
export const A_TABLE: ReadonlyJSONObject = {
  type: 'object',
  properties: {
    project: PROJECT,
    view: { type: 'string', description: 'The id of the saved view to show' }
  }
};
export const A_COPY: ReadonlyJSONObject = {
  type: 'object',
  properties: {
    format: { type: 'string', enum: ['csv', 'markdown'], description: 'CSV without it' }
  }
};
export const A_FIELD: ReadonlyJSONObject = {
  type: 'object',
  properties: {
    field: {
      type: 'string',
      enum: ['name', 'tags', 'notes'],
      description: 'What is edited; what the cell shows without it'
    }
  }
};
export const A_COLUMN: ReadonlyJSONObject = { type: 'object', properties: { column: COLUMN } };
export const A_SORT: ReadonlyJSONObject = {
  type: 'object',
  properties: {
    column: COLUMN,
    desc: { type: 'boolean', description: 'From the highest to the lowest' },
    add: { type: 'boolean', description: 'After the columns that the table is sorted by already' }
  }
};
export const A_MOVE: ReadonlyJSONObject = {
  type: 'object',
  properties: { column: COLUMN, step: { type: 'number', description: '-1: left, 1: right' } }
};
export const A_FORMAT: ReadonlyJSONObject = {
  type: 'object',
  properties: {
    column: COLUMN,
    format: {
      type: 'string',
      description: 'percent, duration, exact, or digits:N; as suits the column without it'
    }
  }
};
export const A_CHARTS_PLACE: ReadonlyJSONObject = {
  type: 'object',
  properties: { place: { type: 'string', enum: ['right', 'below', 'hidden'] } }
};
