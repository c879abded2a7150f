import { act, fireEvent, screen, within } from '@testing-library/react';
import * as React from 'react';

import { type IComparison, decodeComparison } from '../../src/client/compare';
import { type ISharing } from '../../src/client/sweeps';
import { type IParameters } from '../../src/client/tokens';
import { type IJob } from '../../src/client/types';
import { CommandIDs } from '../../src/commandIds';
import { CompareTable } from '../../src/components/CompareTable';
import { JobForm } from '../../src/components/JobForm';
import { Proposals } from '../../src/components/Proposals';
import { Tabs } from '../../src/components/Tabs';
import { ColoursModel } from '../../src/models/colours';
import { CompareModel } from '../../src/models/compare';
import { JobFormModel } from '../../src/models/jobForm';
import { JobsModel } from '../../src/models/jobs';
import { SweepsModel } from '../../src/models/sweeps';
import { FakeChanges, PROJECT, settle, until } from '../support/fakes';
import { sample } from '../support/samples';
import { makeSweep } from '../support/sweeps';
import { show } from '../support/view';

const comparison = decodeComparison(sample<IComparison>('compare'));

describe('CompareTable', () => {
  async function showTable() {
    const client = { compare: () => Promise.resolve(comparison) };
    const runs = comparison.runs.map(run => run.id);
    const options = { client, changes: new FakeChanges(), project: PROJECT.id, runs };
    const model = new CompareModel(options);
    await until(() => model.comparison !== null);
    return { model, ...show(<CompareTable model={model} colours={new ColoursModel()} />) };
  }

  it('marks the best value of a metric with a goal', async () => {
    await showTable();
    const row = screen.getByRole('rowheader', { name: /^acc/ }).closest('tr')!;
    const best = within(row).getByRole('img', { name: 'best' }).closest('td')!;
    expect(best.textContent).toContain('0.9655');
    const loss = screen.getByRole('rowheader', { name: /^loss ↓$/ }).closest('tr')!;
    expect(within(loss).getByText('0.1021')).toBeTruthy();
    expect(within(loss).getByText('NaN')).toBeTruthy();
  });

  it('opens a run from its head, and leaves one out', async () => {
    const { model, executed } = await showTable();
    fireEvent.click(screen.getByRole('button', { name: 'churn #41' }));
    const run = comparison.runs[1].id;
    expect(executed).toEqual([[CommandIDs.openRun, { project: PROJECT.id, run }]]);
    const leave = screen.getByRole('button', { name: 'Leave #41 out of the comparison' });
    await act(async () => {
      fireEvent.click(leave);
      await settle();
    });
    expect(model.runs).not.toContain(run);
  });

  it('tells how a metric changed from the first run, and whether that is better', async () => {
    await showTable();
    const row = screen.getByRole('rowheader', { name: /^acc/ }).closest('tr')!;
    expect(within(row).getByText(/^\+0\.03430 \(\+3\.68 %\) better$/)).toBeTruthy();
    const loss = screen.getByRole('rowheader', { name: /^loss ↓$/ }).closest('tr')!;
    expect(within(loss).getByText(/better$/)).toBeTruthy();
  });

  it('tells versions of data, columns, and files that were added and removed', async () => {
    await showTable();
    const data = screen.getByRole('rowheader', { name: 'churn (train)' }).closest('tr')!;
    expect(data.textContent).toContain('1040 rows');
    expect(data.textContent).toContain('column age: int64 → float64');
    expect(data.textContent).toContain('column plan added (object)');
    const module = screen.getByRole('rowheader', { name: 'features.py' }).closest('tr')!;
    expect(within(module).getByText('changed')).toBeTruthy();
    expect(within(module).getByText('removed')).toBeTruthy();
    const model = screen.getByRole('rowheader', { name: 'model.pkl' }).closest('tr')!;
    expect(within(model).getByText('added')).toBeTruthy();
  });

  it('compares with another run, and moves columns from the keyboard', async () => {
    const { model } = await showTable();
    const [first, second, third] = model.runs;
    const act2 = (work: () => void) =>
      act(async () => {
        work();
        await settle();
      });
    await act2(() => fireEvent.click(screen.getByRole('button', { name: 'Compare with #40' })));
    expect(model.runs).toEqual([third, first, second]);
    const head = screen.getByRole('button', { name: 'churn #42' });
    await act2(() => fireEvent.keyDown(head, { key: 'ArrowRight', altKey: true }));
    expect(model.baseline).toBe(third);
  });
});

describe('JobForm', () => {
  async function showForm(isDirty = false) {
    const jobs = sample<{ jobs: IJob[] }>('jobs').jobs;
    const client = {
      findProject: () => Promise.resolve(PROJECT),
      createProject: () => Promise.resolve(PROJECT),
      parameters: () => Promise.resolve(sample<IParameters>('parameters')),
      makeParameters: () => Promise.resolve(sample<IParameters>('parameters')),
      submitJobs: () => Promise.resolve(jobs),
      jobs: () => Promise.resolve(jobs),
      cancelJob: () => Promise.resolve(jobs[0]),
      runs: () => Promise.resolve({ total: 0, revision: 1, runs: [] }),
      sweeps: () => Promise.resolve([]),
      startSweep: () => Promise.resolve(makeSweep()),
      sharing: () => Promise.resolve(sample<ISharing>('sharing'))
    };
    const model = new JobFormModel({
      client,
      notebook: 'work/churn/train.ipynb',
      delay: 1
    });
    const jobsModel = new JobsModel({
      client,
      changes: new FakeChanges(),
      project: model,
      standby: 'never'
    });
    const sweeps = new SweepsModel({
      client,
      changes: new FakeChanges(),
      project: model,
      standby: 'never'
    });
    await until(() => model.fields !== null && jobsModel.jobs.length > 0);
    const onSubmit = jest.fn(() => void model.submit());
    const onSave = jest.fn();
    const shown = show(
      <JobForm
        model={model}
        jobs={jobsModel}
        sweeps={sweeps}
        isDirty={isDirty}
        onSubmit={onSubmit}
        onSave={onSave}
        onAccept={jest.fn()}
      />
    );
    return { model, jobsModel, onSubmit, onSave, ...shown };
  }

  it('shows the notebook’s own values, help and types', async () => {
    const { jobsModel } = await showForm();
    const lr = screen.getByRole('textbox', { name: /^lr/ });
    expect(lr.getAttribute('placeholder')).toBe('0.01');
    expect(document.getElementById(lr.getAttribute('aria-describedby')!)?.textContent).toBe(
      'learning rate'
    );
    const choices = within(screen.getByRole('combobox', { name: /^optimizer/ })).getAllByRole(
      'option'
    );
    expect(choices.map(option => option.textContent)).toEqual([
      'adam (the notebook’s)',
      'adam',
      'sgd'
    ]);
    expect(screen.getByRole('textbox', { name: /^start/ }).getAttribute('placeholder')).toBe(
      'computed in the notebook'
    );
    jobsModel.dispose();
  });

  it('says on its button what it will do', async () => {
    const { model, jobsModel, onSubmit } = await showForm();
    expect(screen.getByRole('button', { name: 'Run 1 job' })).toBeTruthy();
    const mode = screen.getByRole('combobox', { name: 'How lr is set' });
    fireEvent.change(mode, { target: { value: 'list' } });
    const input = screen.getByRole('textbox', { name: /^lr/ });
    fireEvent.change(input, { target: { value: '0.01, 0.1, 1' } });
    expect(screen.getByText('3 combinations')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Run a sweep of 3 trials' }));
    expect(onSubmit).toHaveBeenCalledTimes(1);
    await act(() => until(() => model.sweeps.length > 0));
    expect(screen.getByText('Started here')).toBeTruthy();
    fireEvent.click(screen.getByTitle('Open the sweep of work/train.ipynb'));
    expect(onSubmit).toHaveBeenCalledTimes(1); // a look at what was started starts nothing
    jobsModel.dispose();
  });

  it('lists the cells that trials share, and what keeps the next one from it', async () => {
    const { model, jobsModel } = await showForm();
    act(() => model.setField('lr', { mode: 'list', text: '0.1, 0.2' }));
    fireEvent.click(screen.getByRole('checkbox', { name: /^run once/ }));
    const list = await screen.findByRole('list', { name: 'Cells that run once' });
    const { cells, summary, remarks } = sample<ISharing>('sharing');
    expect(
      within(list)
        .getAllByRole('listitem')
        .map(item => item.textContent)
    ).toEqual(cells.map(({ cell, source }) => `Cell ${cell} ${source}`));
    expect(screen.getByText(summary)).toBeTruthy();
    expect(screen.getByText(remarks[0])).toBeTruthy();
    fireEvent.click(screen.getByRole('checkbox', { name: /^run once/ }));
    expect(screen.queryByRole('list', { name: 'Cells that run once' })).toBeNull();
    jobsModel.dispose();
  });

  it('says what is wrong with a range at the end that it is about', async () => {
    const { model, jobsModel } = await showForm();
    const mode = screen.getByRole('combobox', { name: 'How lr is set' });
    fireEvent.change(mode, { target: { value: 'range' } });
    const low = screen.getByRole('textbox', { name: 'Least lr' });
    const high = screen.getByRole('textbox', { name: 'Greatest lr' });
    fireEvent.change(low, { target: { value: '0' } });
    expect(high.getAttribute('aria-invalid')).toBe('true');
    fireEvent.change(high, { target: { value: '1' } });
    expect(screen.queryByRole('alert')).toBeNull();
    fireEvent.click(screen.getByRole('checkbox', { name: 'lr by order of size' }));
    expect(low.getAttribute('aria-invalid')).toBe('true');
    expect(screen.getByRole('alert').textContent).toBe('By order of size, a range begins above 0');
    expect(model.count).toBeNull();
    fireEvent.change(low, { target: { value: '0.001' } });
    expect(screen.getByRole('button', { name: 'Run a sweep of 20 trials' })).toBeTruthy();
    fireEvent.change(screen.getByRole('combobox', { name: 'Values are chosen' }), {
      target: { value: 'tpe' }
    });
    expect(screen.getByRole('alert').textContent).toContain('The metric');
    jobsModel.dispose();
  });

  it('shows in its place what can not be used', async () => {
    const { jobsModel } = await showForm();
    fireEvent.change(screen.getByRole('textbox', { name: /^depth/ }), {
      target: { value: 'deep' }
    });
    expect(screen.getByRole('alert').textContent).toBe('A whole number, such as 8');
    expect(screen.getByRole('button', { name: 'Run 1 job' })).toHaveProperty('disabled', true);
    jobsModel.dispose();
  });

  it('has for each type a control of its own, with its range', async () => {
    const { model, jobsModel } = await showForm();
    const text = (name: string) => model.fields!.find(item => item.parameter.name === name)!.text;
    const augment = screen.getByRole('checkbox', { name: /^augment/ });
    expect(augment).toHaveProperty('checked', true);
    fireEvent.click(augment);
    expect(text('augment')).toBe('false');
    fireEvent.click(augment);
    expect(text('augment')).toBe('');
    expect(screen.getByLabelText(/^until/)).toHaveProperty('type', 'date');
    expect(screen.getByLabelText(/^at /)).toHaveProperty('type', 'datetime-local');
    expect(screen.getByLabelText(/^alarm/)).toHaveProperty('type', 'time');
    expect(screen.getByLabelText(/^weights/)).toHaveProperty('tagName', 'TEXTAREA');
    expect(screen.getByRole('combobox', { name: /^mode/ }).textContent).toContain('EXACT');
    expect(screen.getByText('from 1 to 100, a multiple of 5')).toBeTruthy();
    expect(screen.getByText('the notebook’s: 2026-01-31')).toBeTruthy();
    jobsModel.dispose();
  });

  it('steps whole numbers with the arrow keys, within their range', async () => {
    const { jobsModel } = await showForm();
    const epochs = screen.getByRole('textbox', { name: /^epochs/ });
    fireEvent.keyDown(epochs, { key: 'ArrowUp' });
    expect(epochs).toHaveProperty('value', '15');
    fireEvent.change(epochs, { target: { value: '100' } });
    fireEvent.keyDown(epochs, { key: 'ArrowUp' });
    expect(epochs).toHaveProperty('value', '100');
    fireEvent.change(epochs, { target: { value: '7' } });
    expect(screen.getByRole('alert').textContent).toBe('int from 1 to 100, a multiple of 5');
    jobsModel.dispose();
  });

  it('gives None where it is allowed', async () => {
    const { model, jobsModel } = await showForm();
    fireEvent.click(screen.getByRole('checkbox', { name: 'None for until' }));
    expect(screen.getByLabelText(/^until/)).toHaveProperty('disabled', true);
    expect(model.fields!.find(item => item.parameter.name === 'until')!.text).toBe('None');
    fireEvent.click(screen.getByRole('checkbox', { name: 'None for until' }));
    expect(screen.getByLabelText(/^until/)).toHaveProperty('disabled', false);
    jobsModel.dispose();
  });

  it('says where inside a list something is wrong', async () => {
    const { jobsModel } = await showForm();
    fireEvent.change(screen.getByLabelText(/^size/), { target: { value: '[640, "wide"]' } });
    expect(screen.getByRole('alert').textContent).toBe('At 2: A whole number, such as 8');
    jobsModel.dispose();
  });

  it('says that the notebook is saved first', async () => {
    const { jobsModel, onSave } = await showForm(true);
    expect(screen.getByRole('button', { name: 'Save and run 1 job' })).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: /^Save now/ }));
    expect(onSave).toHaveBeenCalled();
    jobsModel.dispose();
  });
});

describe('Proposals', () => {
  it('are made parameters, but for those that are left out', () => {
    const { proposals } = sample<IParameters>('parameters');
    const [first] = proposals;
    const second = { ...first, parameter: { ...first.parameter, name: 'DEPTH' } };
    const onAccept = jest.fn();
    show(<Proposals proposals={[first, second]} onAccept={onAccept} />);
    fireEvent.click(screen.getByRole('checkbox', { name: /^DEPTH/ }));
    fireEvent.click(screen.getByRole('button', { name: 'Make these parameters' }));
    expect(onAccept).toHaveBeenCalledWith(['BATCH']);
    fireEvent.click(screen.getByRole('checkbox', { name: /^BATCH/ }));
    expect(screen.getByRole('button', { name: /^Make/ })).toHaveProperty('disabled', true);
  });
});

describe('Tabs', () => {
  it('are walked with the arrows', () => {
    const onChange = jest.fn();
    const tabs = [
      { id: 'a', label: 'A' },
      { id: 'b', label: 'B' }
    ];
    show(<Tabs label="Parts" tabs={tabs} current="b" onChange={onChange} />);
    expect(screen.getByRole('tab', { selected: true }).textContent).toBe('B');
    fireEvent.keyDown(screen.getByRole('tablist'), { key: 'ArrowRight' });
    expect(onChange).toHaveBeenCalledWith('a');
  });
});
