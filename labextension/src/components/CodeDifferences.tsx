import * as React from 'react';

import type { IComparedRun } from '../client/compare';
import type { ICodeDifferences, ICommit } from '../client/differences';
import { formatMoment } from '../format';
import type { NotebookDifferencesModel } from '../models/notebookDifferences';
import { DiffLines } from './EnvironmentText';
import { useLoaded } from './loaded';
import { ErrorNote, Loading, Warning } from './Notes';
import { useView } from './view';

/** What lies between the code of the first run and each of the others; asked for when somebody wants to see it. */
export function CodeDifferences(props: {
  model: NotebookDifferencesModel;
  runs: readonly IComparedRun[];
}): JSX.Element {
  const { trans } = useView();
  const { model, runs } = props;
  const [base, ...others] = runs;
  return (
    <section className="trackbook-CodeDifferences" aria-label={trans.__('Code')}>
      <h3>{trans.__('Code')}</h3>
      {others.map(run => (
        <Between key={`${base.id} ${run.id}`} model={model} base={base} run={run} />
      ))}
    </section>
  );
}

function Between(props: {
  model: NotebookDifferencesModel;
  base: IComparedRun;
  run: IComparedRun;
}): JSX.Element {
  const { trans } = useView();
  const { model, base, run } = props;
  const [isOpen, setOpen] = React.useState(false);
  return (
    <div className="trackbook-CodeDifferences-pair">
      <button className="trackbook-Button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {isOpen
          ? trans.__('Hide commits and code from #%1 to #%2', base.number, run.number)
          : trans.__('Show commits and code from #%1 to #%2', base.number, run.number)}
      </button>
      {isOpen && <Loaded model={model} left={base.id} right={run.id} />}
    </div>
  );
}

function Loaded(props: {
  model: NotebookDifferencesModel;
  left: string;
  right: string;
}): JSX.Element {
  const { trans } = useView();
  const { model, left, right } = props;
  const load = React.useMemo(() => () => model.code(left, right), [model, left, right]);
  const { value, error } = useLoaded(load);
  if (error) {
    return <ErrorNote error={error} />;
  }
  return value ? <Told code={value} /> : <Loading label={trans.__('Asking git…')} />;
}

function Told({ code }: { code: ICodeDifferences }): JSX.Element {
  const { trans } = useView();
  const isEqual = !code.diff && !code.reason && !code.added.length && !code.removed.length;
  return (
    <>
      {code.reason && (
        <p>
          <Warning text={code.reason} />
        </p>
      )}
      <Commits title={trans.__('Commits added')} commits={code.added} more={code.more_added} />
      <Commits
        title={trans.__('Commits removed')}
        commits={code.removed}
        more={code.more_removed}
      />
      {isEqual && <p className="trackbook-Quiet">{trans.__('The code is the same.')}</p>}
      {code.diff && (
        <pre
          className="trackbook-Source trackbook-EnvironmentText"
          tabIndex={0}
          aria-label={trans.__('Difference of the code')}
        >
          <DiffLines text={code.diff} />
        </pre>
      )}
      {code.cut && (
        <p className="trackbook-Quiet">
          {trans.__('The difference is longer; this is its beginning.')}
        </p>
      )}
    </>
  );
}

function Commits(props: {
  title: string;
  commits: readonly ICommit[];
  more: number;
}): JSX.Element | null {
  const { trans } = useView();
  const { title, commits, more } = props;
  return commits.length ? (
    <>
      <h4>{title}</h4>
      <ul className="trackbook-CodeDifferences-commits">
        {commits.map(commit => (
          <li key={commit.hash}>
            <code title={commit.hash}>{commit.hash.slice(0, 10)}</code> {commit.subject}{' '}
            <span className="trackbook-Quiet">
              {commit.author}, {formatMoment(commit.at)}
            </span>
          </li>
        ))}
        {more > 0 && <li className="trackbook-Quiet">{trans.__('and %1 more', more)}</li>}
      </ul>
    </>
  ) : null;
}
