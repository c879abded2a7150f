import { act, fireEvent, screen } from '@testing-library/react';
import * as React from 'react';

import { ApiError } from '../../src/client/errors';
import { LostConnection } from '../../src/components/LostConnection';
import { ConnectionModel } from '../../src/models/connection';
import { show } from '../support/view';

it('says that the server is away, since when, and goes when it is back', () => {
  const connection = new ConnectionModel({ now: () => Date.now() - 120_000 });
  let asked = 0;
  connection.onRetry = () => (asked += 1);
  show(<LostConnection connection={connection} />);
  const status = screen.getByRole('status');
  expect(status.textContent).toBe('');
  act(() => connection.failed(new ApiError('network', 'gone', 0)));
  expect(status.textContent).toContain('The server doesn’t answer');
  expect(status.textContent).toContain('2 min. ago');
  fireEvent.click(screen.getByRole('button', { name: 'Try now' }));
  expect(asked).toBe(1);
  act(() => connection.answered());
  expect(status.textContent).toBe('');
});
