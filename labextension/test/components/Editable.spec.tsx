import { act, fireEvent, screen } from '@testing-library/react';
import * as React from 'react';

import { ApiError } from '../../src/client/errors';
import { Editable } from '../../src/components/Editable';
import { show } from '../support/view';

it('keeps a text that could not be saved, and selects it only as editing begins', async () => {
  let saved: string | null = null;
  let isLost = true;
  const onSave = (text: string) => {
    if (isLost) {
      return Promise.reject(new ApiError('network', 'The server didn’t answer.', 0));
    }
    saved = text;
    return Promise.resolve();
  };
  show(<Editable label="Notes" text="as it was" placeholder="" isMultiline onSave={onSave} />);
  fireEvent.click(screen.getByRole('button', { name: 'Notes: as it was' }));
  const field: HTMLTextAreaElement = screen.getByRole('textbox', { name: 'Notes' });
  const selected = () => field.value.slice(field.selectionStart, field.selectionEnd);
  expect(selected()).toBe('as it was');
  fireEvent.change(field, { target: { value: 'half a thought' } });
  field.setSelectionRange(field.value.length, field.value.length);

  // A dialog of JupyterLab takes the keyboard away, and gives it back.
  await act(() => {
    field.blur();
    return Promise.resolve();
  });
  expect(screen.getByRole('alert').textContent).toBe('The server didn’t answer.');
  act(() => field.focus());
  expect(field.value).toBe('half a thought');
  expect(selected()).toBe('');

  isLost = false;
  await act(() => {
    fireEvent.keyDown(field, { key: 'Enter', ctrlKey: true });
    return Promise.resolve();
  });
  expect(saved).toBe('half a thought');
  expect(screen.queryByRole('textbox')).toBeNull();
});
