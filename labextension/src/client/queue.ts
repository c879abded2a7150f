/** The queue of jobs and the workers that take from it, under the names of `python/trackbook/domain`. */

import type { IJob, JobStatus } from './types';

/** Which jobs, and which window of them. */
export interface IJobQuery {
  status?: JobStatus;
  offset?: number;
  limit?: number;
}

/** A window of the jobs, the newest first. `counts` holds how many there are in each state. */
export interface IJobPage {
  jobs: IJob[];
  total: number;
  counts: Partial<Record<JobStatus, number>>;
}

/** A process that runs jobs: `capacity` at a time; `current` holds the ids of those that it runs now. */
export interface IWorker {
  id: string;
  host: string;
  pid: number;
  jobs: number;
  capacity: number;
  started: string;
  current: string[];
}

/** What a job's processes said from an offset in bytes on; `offset` is where the next part begins. */
export interface IJobLog {
  text: string;
  offset: number;
  complete: boolean;
}
