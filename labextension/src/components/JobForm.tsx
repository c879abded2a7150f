import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { JobFormModel } from '../models/jobForm';
import type { JobsModel } from '../models/jobs';
import type { SweepsModel } from '../models/sweeps';
import { ErrorNote, Loading } from './Notes';
import { JobRow } from './Jobs';
import { ParameterRow } from './ParameterRow';
import { Proposals } from './Proposals';
import { SweepOptions } from './SweepOptions';
import { SweepRow } from './SweepRow';
import { useModel, useView } from './view';

export interface IJobFormProps {
  model: JobFormModel;
  jobs: JobsModel;
  sweeps: SweepsModel;
  /** Whether the notebook has changes that are not saved. */
  isDirty: boolean;
  /** Save the notebook if need be, then start the jobs. */
  onSubmit(): void;
  /** Save the notebook and read its parameters again. */
  onSave(): void;
  /** Make proposed constants parameters in the notebook. */
  onAccept(names: readonly string[]): void;
}

/** The form that runs a notebook as a job, or as many as a sweep has combinations. */
export function JobForm(props: IJobFormProps): JSX.Element {
  const { trans } = useView();
  const { model } = props;
  useModel(model);
  const { fields, error } = model;
  if (!fields) {
    return error ? (
      <ErrorNote error={error} onRetry={() => void model.load()} />
    ) : (
      <Loading label={trans.__('Reading the parameters…')} />
    );
  }
  return (
    <form
      className="trackbook-JobForm"
      noValidate
      onSubmit={event => {
        event.preventDefault();
        props.onSubmit();
      }}
    >
      <h2>{trans.__('Run %1 as a job', model.notebook.split('/').pop())}</h2>
      {props.isDirty && (
        <p className="trackbook-Note" role="status">
          {trans.__('The notebook has unsaved changes; it is saved before it runs.')}{' '}
          <button type="button" className="trackbook-Button" onClick={props.onSave}>
            {trans.__('Save now and read the parameters again')}
          </button>
        </p>
      )}
      <section>
        <h3>{trans.__('Parameters')}</h3>
        {fields.length ? (
          <div className="trackbook-JobForm-fields">
            {fields.map(field => (
              <ParameterRow
                key={field.parameter.name}
                field={field}
                onChange={change => model.setField(field.parameter.name, change)}
              />
            ))}
          </div>
        ) : model.proposals.length ? (
          <Proposals proposals={model.proposals} onAccept={props.onAccept} />
        ) : (
          <p className="trackbook-Quiet">
            {trans.__(
              'This notebook has no parameters. Tag a cell with assignments as “parameters” (Property Inspector, Common Tools) to set them here.'
            )}
          </p>
        )}
        {model.problems.map(problem => (
          <p key={problem} className="trackbook-Note" role="status">
            {problem}
          </p>
        ))}
      </section>
      {model.isSweep && <SweepOptions model={model} />}
      <Options model={model} />
      {error && <ErrorNote error={error} />}
      <SubmitButton {...props} />
      <Submitted {...props} />
    </form>
  );
}

function Options({ model }: { model: JobFormModel }): JSX.Element {
  const { trans } = useView();
  const { experiment, parallel, timeout } = model.options;
  const [experimentId, parallelId, timeoutId] = [React.useId(), React.useId(), React.useId()];
  return (
    <section>
      <h3>{trans.__('Jobs')}</h3>
      <div className="trackbook-JobForm-options">
        <label htmlFor={experimentId}>{trans.__('Experiment')}</label>
        <input
          id={experimentId}
          className="trackbook-Input"
          value={experiment}
          placeholder={trans.__('the notebook’s own')}
          onChange={event => model.setOption('experiment', event.target.value)}
        />
        <label htmlFor={parallelId}>{trans.__('At the same time')}</label>
        <input
          id={parallelId}
          className="trackbook-Input"
          inputMode="numeric"
          value={parallel}
          placeholder="1"
          aria-invalid={model.isWrong('parallel')}
          onChange={event => model.setOption('parallel', event.target.value)}
        />
        {model.isWrong('parallel') && (
          <span className="trackbook-FieldError" role="alert">
            {trans.__('A whole number from 1 to 64')}
          </span>
        )}
        <label htmlFor={timeoutId}>{trans.__('Time limit')}</label>
        <span className="trackbook-JobForm-unit">
          <input
            id={timeoutId}
            className="trackbook-Input"
            inputMode="decimal"
            value={timeout}
            placeholder={trans.__('none')}
            aria-invalid={model.isWrong('timeout')}
            onChange={event => model.setOption('timeout', event.target.value)}
          />{' '}
          {trans.__('minutes each')}
        </span>
        {model.isWrong('timeout') && (
          <span className="trackbook-FieldError" role="alert">
            {trans.__('A number of minutes above 0')}
          </span>
        )}
        <span>{trans.__('After a failure')}</span>
        <label
          className="trackbook-Check"
          title={trans.__('Cells run where threads can’t; the states take memory')}
        >
          <input
            type="checkbox"
            checked={model.keepsSnapshots}
            onChange={event => model.setKeepsSnapshots(event.target.checked)}
          />{' '}
          {trans.__('keep the states between cells, to go on from there')}
        </label>
      </div>
    </section>
  );
}

/** The button says what it will do. */
function SubmitButton({ model, isDirty }: IJobFormProps): JSX.Element {
  const { trans } = useView();
  const { count } = model;
  const label = model.isSweep ? sweepLabel(count, isDirty, trans) : jobLabel(isDirty, trans);
  return (
    <div className="trackbook-JobForm-submit">
      <button
        type="submit"
        className="trackbook-Button trackbook-mod-primary"
        disabled={count === null || model.isSubmitting}
      >
        {model.isSubmitting ? trans.__('Starting…') : label}
      </button>
      {count === null && (
        <span className="trackbook-Quiet">
          {trans.__('Something above can’t be used as it is.')}
        </span>
      )}
    </div>
  );
}

function jobLabel(isDirty: boolean, trans: TranslationBundle): string {
  return isDirty ? trans.__('Save and run 1 job') : trans.__('Run 1 job');
}

function sweepLabel(count: number | null, isDirty: boolean, trans: TranslationBundle): string {
  if (count === null) {
    return isDirty ? trans.__('Save and run a sweep') : trans.__('Run a sweep');
  }
  return isDirty
    ? trans._n('Save and run a sweep of %1 trial', 'Save and run a sweep of %1 trials', count)
    : trans._n('Run a sweep of %1 trial', 'Run a sweep of %1 trials', count);
}

/** What the form has started, as it stands now. */
function Submitted({ model, jobs, sweeps }: IJobFormProps): JSX.Element | null {
  const { trans } = useView();
  useModel(jobs, sweeps);
  if (!model.submitted.length && !model.sweeps.length) {
    return null;
  }
  const project = model.project?.id ?? '';
  const now = new Map(jobs.jobs.map(job => [job.id, job]));
  const sweepsNow = new Map(sweeps.sweeps.map(sweep => [sweep.id, sweep]));
  return (
    <section aria-live="polite">
      <h3>{trans.__('Started here')}</h3>
      <ul className="trackbook-Jobs">
        {model.sweeps.map(sweep => (
          <SweepRow key={sweep.id} sweep={sweepsNow.get(sweep.id) ?? sweep} project={project} />
        ))}
        {model.submitted.map(job => (
          <JobRow key={job.id} job={now.get(job.id) ?? job} project={project} />
        ))}
      </ul>
    </section>
  );
}
