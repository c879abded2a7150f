import { fireEvent, screen } from '@testing-library/react';
import * as React from 'react';

import { type IJob } from '../../src/client/types';
import { CommandIDs } from '../../src/commandIds';
import { JobRow } from '../../src/components/Jobs';
import { PROJECT } from '../support/fakes';
import { sample } from '../support/samples';
import { show } from '../support/view';

const jobs = sample<{ jobs: IJob[] }>('jobs').jobs;
const waiting = jobs.find(job => job.status === 'queued' && job.attempts.length > 0)!;
const failed = jobs.find(job => job.status === 'failed')!;

describe('JobRow', () => {
  it('says when a job is begun again, and opens the run that failed', () => {
    const job = { ...waiting, not_before: new Date(Date.now() + 9_500).toISOString() };
    const { executed } = show(<JobRow job={job} project={PROJECT.id} />);
    const note = screen.getByText(/^again in (9.\d|9|10)\ss \(2\/2\)$/);
    expect(note.title).toContain('The kernel died in this cell');
    fireEvent.click(screen.getByRole('button', { name: 'train.ipynb' }));
    const args = { project: PROJECT.id, run: waiting.attempts[0].run_id };
    expect(executed).toEqual([[CommandIDs.openRun, args]]);
  });

  it('waits for a worker when its time has come', () => {
    show(<JobRow job={{ ...waiting, not_before: '2020-01-01T00:00:00Z' }} project={PROJECT.id} />);
    expect(screen.getByText('again soon (2/2)')).toBeTruthy();
  });

  it('has the word for what kind of failure it was', () => {
    show(<JobRow job={{ ...failed, cause: 'memory' }} project={PROJECT.id} />);
    expect(screen.getByRole('img', { name: 'out of memory' })).toBeTruthy();
  });

  it('has a place in the queue before its first attempt, and opens there', () => {
    const job = { ...waiting, attempts: [], started: null, not_before: null, position: 3 };
    const { executed } = show(<JobRow job={job} project={PROJECT.id} />);
    expect(screen.getByText('place 3')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'train.ipynb' }));
    expect(executed).toEqual([[CommandIDs.openJobs, { project: PROJECT.id, job: job.id }]]);
  });
});
