import { act, fireEvent, screen, within } from '@testing-library/react';
import * as React from 'react';

import { ColumnPicker } from '../../src/components/table/ColumnPicker';
import { GroupPicker } from '../../src/components/table/GroupPicker';
import { QueryInput } from '../../src/components/table/QueryInput';
import { ViewPicker } from '../../src/components/table/ViewPicker';
import { CellContents } from '../../src/components/table/cellContent';
import { GridColumns } from '../../src/components/table/gridColumns';
import { nullTranslator } from '@jupyterlab/translation';
import { settle, until } from '../support/fakes';
import { makePage } from '../support/table';
import { show } from '../support/view';

async function readyPage(count = 6) {
  const made = makePage(count);
  await until(() => made.table.isReady && made.table.known.length > 0);
  await settle();
  return made;
}

describe('the search of the table', () => {
  it('marks the characters that it stumbles over', async () => {
    const { page, client } = await readyPage();
    show(<QueryInput page={page} onLeave={() => undefined} />);
    client.problem = {
      message: 'A value is expected after >',
      start: 13,
      end: 14,
      field: 'query',
      place: null
    };
    const input = screen.getByRole('combobox');
    fireEvent.change(input, { target: { value: 'metrics.acc >> 1' } });
    await act(() => until(() => page.box.problem !== null));
    const note = screen.getByRole('alert');
    expect(note.querySelector('mark')?.textContent).toBe('>');
    expect(note.textContent).toContain('A value is expected after >');
    const long = 'metrics.acc >> 1 and params.optimizer is not null';
    fireEvent.change(input, { target: { value: long } });
    expect(note.querySelector('code')?.textContent).toMatch(/^metrics\.acc >> 1 and .*…$/);
    expect(input.getAttribute('aria-invalid')).toBe('true');
    page.dispose();
  });

  it('is completed and left with the keyboard', async () => {
    const { page } = await readyPage();
    const leave = jest.fn();
    show(<QueryInput page={page} onLeave={leave} />);
    const input = screen.getByRole<HTMLInputElement>('combobox');
    const key = (name: string) => fireEvent.keyDown(input, { key: name });
    fireEvent.change(input, { target: { value: 'acc' } });
    expect(screen.getAllByRole('option')).toHaveLength(1);
    key('ArrowDown');
    expect(screen.getByRole('option').getAttribute('aria-selected')).toBe('true');
    key('Enter');
    expect(input.value).toBe('metrics.acc ');
    key('Escape');
    expect(screen.queryByRole('option')).toBeNull();
    expect(input.value).toBe('metrics.acc ');
    key('Escape');
    expect(input.value).toBe('');
    key('Escape');
    expect(leave).toHaveBeenCalled();
    page.dispose();
  });
});

describe('the columns of the table', () => {
  it('are found, shown and hidden', async () => {
    const { page, table, client } = await readyPage();
    show(<ColumnPicker page={page} client={client} />);
    fireEvent.change(screen.getByRole('searchbox'), { target: { value: 'team' } });
    const box = screen.getByRole<HTMLInputElement>('checkbox', { name: /tags\.team/ });
    expect(box.checked).toBe(false);
    fireEvent.click(box);
    expect(table.columns.find('tags.team')).toBeDefined();
    expect(box.checked).toBe(true);
    fireEvent.click(box);
    expect(table.columns.find('tags.team')).toBeUndefined();
    page.dispose();
  });

  it('of a metric are its last, lowest and highest value, and its curve', async () => {
    const { page, table, client } = await readyPage();
    show(<ColumnPicker page={page} client={client} />);
    const lowest = screen.getByRole('button', { name: 'min metrics.acc' });
    fireEvent.click(lowest);
    fireEvent.click(screen.getByRole('button', { name: 'curve metrics.acc' }));
    expect(table.columns.find('min(metrics.acc)')).toBeDefined();
    expect(table.columns.find('spark(acc)')).toBeDefined();
    expect(lowest.getAttribute('aria-pressed')).toBe('true');
    expect(screen.queryByText('Typed')).toBeNull();
    fireEvent.click(lowest);
    expect(table.columns.find('min(metrics.acc)')).toBeUndefined();
    page.dispose();
  });

  it('are typed as arithmetic, with what is wrong said in place', async () => {
    const { page, table, client } = await readyPage();
    show(<ColumnPicker page={page} client={client} />);
    const own = screen.getByRole<HTMLInputElement>('textbox');
    const add = async (text: string) => {
      fireEvent.change(own, { target: { value: text } });
      fireEvent.click(screen.getByRole('button', { name: 'Add' }));
      await act(settle);
    };
    client.problem = {
      message: 'A number is expected',
      start: 14,
      end: 15,
      field: 'columns',
      place: 0
    };
    await add('metrics.acc / ');
    expect(screen.getByRole('alert').textContent).toBe('A number is expected');
    expect(own.value).toBe('metrics.acc / ');
    client.problem = null;
    await add('metrics.acc / metrics.size');
    expect(screen.queryByRole('alert')).toBeNull();
    expect(table.columns.find('metrics.acc / metrics.size')).toBeDefined();
    page.dispose();
  });
});

describe('the groups of the table', () => {
  it('are chosen, and say what their numbers are like', async () => {
    const { page, table } = await readyPage();
    show(<GroupPicker page={page} />);
    fireEvent.change(screen.getByRole('combobox', { name: 'Group by' }), {
      target: { value: 'params.lr' }
    });
    await act(() => until(() => table.isReady && table.isGrouped));
    expect(screen.getByRole('combobox', { name: 'then by' })).toBeTruthy();
    const contents = new CellContents(table, nullTranslator.load('trackbook'));
    const { all } = new GridColumns(table);
    const texts = all.map(drawn => contents.of(table.at(0), drawn, 0).text);
    expect(texts).toEqual(['', '0.1 (3)', '', '', '0.003000']);
    expect(contents.of(table.at(0), all[4], 0).full).toContain('Maximum: 1');
    fireEvent.change(screen.getByRole('combobox', { name: 'Show of numbers' }), {
      target: { value: 'count' }
    });
    expect(contents.of(table.at(0), all[4], 0).text).toBe('3');
    page.dispose();
  });
});

describe('the views of the table', () => {
  it('are saved, marked when the table differs, and gone back to', async () => {
    const { page, table } = await readyPage();
    show(<ViewPicker page={page} onDone={() => undefined} />);
    expect(screen.getByText(/No saved views yet/)).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Save as…' }));
    fireEvent.change(screen.getByRole('textbox'), { target: { value: 'mine' } });
    fireEvent.click(screen.getByRole('button', { name: 'Save' }));
    await act(() => until(() => page.views.current !== null));
    expect(screen.getByRole('button', { name: 'mine' })).toBeTruthy();
    act(() => table.setSort([{ column: 'name', isReverse: true }]));
    expect(screen.getByRole('button', { name: /mine/ }).textContent).toContain('(changed)');
    fireEvent.click(screen.getByRole('button', { name: 'Go back to it' }));
    expect(table.sort).toEqual([]);
    page.dispose();
  });

  it('say when somebody else has saved, and lose nothing', async () => {
    const { page, table, client } = await readyPage();
    await page.views.saveAs('mine');
    await client.changeView('', 'view-1', { revision: 1, content: {} });
    show(<ViewPicker page={page} onDone={() => undefined} />);
    act(() => table.setSort([{ column: 'name', isReverse: true }]));
    fireEvent.click(screen.getByRole('button', { name: 'Save' }));
    await act(() => until(() => page.views.error !== null));
    const note = screen.getByRole('alert');
    expect(note.textContent).toContain('Nothing of yours is lost');
    fireEvent.click(within(note).getByRole('button', { name: 'Save mine over it' }));
    await act(() => until(() => page.views.error === null));
    expect(client.saved[0].content.order_by).toEqual([{ column: 'name', desc: true }]);
    page.dispose();
  });
});
