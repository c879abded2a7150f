import { screen, within } from '@testing-library/react';
import * as React from 'react';

import { type IRunDetail } from '../../src/client/types';
import { Attempts } from '../../src/components/Attempts';
import { sample } from '../support/samples';
import { show } from '../support/view';

describe('Attempts', () => {
  it('has a row for each attempt of a run that was resumed', () => {
    show(<Attempts attempts={sample<IRunDetail>('run-detail').attempts} />);
    const [first, second] = screen.getAllByRole('row');
    expect(within(first).getByTitle('The kernel was restarted.').textContent).toContain('killed');
    expect(within(first).getByText('49 s')).toBeTruthy();
    expect(within(second).getByText('gpu-3')).toBeTruthy();
  });

  it('is not there for a run that had one go', () => {
    const { container } = show(
      <Attempts attempts={sample<IRunDetail>('run-detail-failed').attempts} />
    );
    expect(container.querySelector('table')).toBeNull();
  });
});
