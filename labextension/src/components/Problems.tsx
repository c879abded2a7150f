import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IDiagnostic } from '../client/lint';
import { CommandIDs } from '../commandIds';
import { type IProblemGroup, type ProblemsModel, severitiesOf } from '../models/problems';
import { ErrorNote, Loading } from './Notes';
import { Prose } from './Prose';
import { severityCount, SeverityIcon } from './Severity';
import { classes, useModel, useView } from './view';

/** The sidebar's section of what there is to mend in the current notebook. */
export function Problems({ model }: { model: ProblemsModel }): JSX.Element {
  const { trans } = useView();
  useModel(model);
  const { lint } = model;
  const box = React.useRef<HTMLDivElement>(null);
  useAsked(model, box);
  if (!lint) {
    return (
      <Empty text={trans.__('Open a notebook, and what there is to mend in it appears here.')} />
    );
  }
  return (
    <div ref={box} className="trackbook-Problems" onKeyDown={event => walk(event, box.current)}>
      {lint.error && (
        <ErrorNote
          error={lint.error}
          hint={lint.report ? trans.__('The list shows what was known before.') : undefined}
          onRetry={() => void lint.refresh()}
        />
      )}
      {lint.report ? (
        <Report model={model} />
      ) : lint.isBusy ? (
        <Loading label={trans.__('Looking at %1…', model.name)} />
      ) : (
        !lint.error && <Off />
      )}
    </div>
  );
}

function Report({ model }: { model: ProblemsModel }): JSX.Element {
  const { trans } = useView();
  const { all, groups } = model;
  return (
    <>
      {all.length > 0 && <Filter model={model} />}
      {all.length === 0 && <Empty text={trans.__('No problems found in %1.', model.name)} isGood />}
      {all.length > 0 && !groups.length && (
        <div className="trackbook-Empty">
          <p>{trans._n('%1 problem is hidden.', '%1 problems are hidden.', all.length)}</p>
          <button className="trackbook-Button" onClick={() => model.showAll()}>
            {trans.__('Show all')}
          </button>
        </div>
      )}
      {groups.map(group => (
        <Group key={group.cell} group={group} path={model.lint?.path ?? ''} />
      ))}
      <Unseen unseen={model.lint?.report?.unseen ?? []} />
    </>
  );
}

/** A button for each severity with its count; pressed, its problems are shown. */
function Filter({ model }: { model: ProblemsModel }): JSX.Element {
  const { trans } = useView();
  return (
    <div className="trackbook-Problems-bar" role="group" aria-label={trans.__('Shown problems')}>
      {severitiesOf(model).map(severity => {
        const label = severityCount(severity, model.count(severity), trans);
        return (
          <button
            key={severity}
            className="trackbook-Problems-filter"
            aria-pressed={!model.isHidden(severity)}
            title={model.isHidden(severity) ? trans.__('Show them') : trans.__('Hide them')}
            onClick={() => model.toggle(severity)}
          >
            <SeverityIcon severity={severity} /> {label}
          </button>
        );
      })}
    </div>
  );
}

function Group({ group, path }: { group: IProblemGroup; path: string }): JSX.Element {
  const { trans } = useView();
  const title = group.cell ? trans.__('Cell %1', group.cell) : trans.__('Whole notebook');
  return (
    <section aria-label={title}>
      <h4 className="trackbook-Problems-cell">{title}</h4>
      <ul>
        {group.items.map((item, place) => (
          <li key={place}>
            <Problem item={item} path={path} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Problem({ item, path }: { item: IDiagnostic; path: string }): JSX.Element {
  const { trans, execute } = useView();
  return (
    <button
      className={classes('trackbook-Problem', `trackbook-mod-${item.severity}`)}
      data-cell={item.cell_id}
      title={item.cell ? trans.__('Go to the cell') : undefined}
      onClick={() => execute(CommandIDs.goToCell, placeOf(item, path))}
    >
      <SeverityIcon severity={item.severity} />
      <span className="trackbook-Problem-text">
        <span className="trackbook-Problem-message">
          <Prose text={item.message} />
        </span>{' '}
        <span className="trackbook-Problem-code" title={item.rule}>
          {whereIs(item, trans)}
        </span>
        {item.help && (
          <span className="trackbook-Problem-help">
            {' '}
            <Prose text={item.help} />
          </span>
        )}
      </span>
    </button>
  );
}

/** What could not be looked into: no problem found there means nothing. */
function Unseen({ unseen }: { unseen: readonly string[] }): JSX.Element | null {
  const { trans } = useView();
  if (!unseen.length) {
    return null;
  }
  return (
    <section className="trackbook-Unseen" aria-label={trans.__('What was not seen')}>
      <h4 className="trackbook-Problems-cell">{trans.__('What was not seen')}</h4>
      <ul>
        {unseen.map(text => (
          <li key={text}>
            <Prose text={text} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The notebook is looked at when asked for only. */
function Off(): JSX.Element {
  const { trans, execute } = useView();
  return (
    <div className="trackbook-Empty">
      <p>
        {trans.__(
          'Notebooks are not looked at by themselves: that is switched off in the settings.'
        )}
      </p>
      <button className="trackbook-Button" onClick={() => execute(CommandIDs.lintNotebook)}>
        {trans.__('Look at this notebook')}
      </button>
    </div>
  );
}

function Empty({ text, isGood }: { text: string; isGood?: boolean }): JSX.Element {
  return (
    <div className="trackbook-Empty">
      <p role="status">
        {isGood && <span aria-hidden="true">✓ </span>}
        {text}
      </p>
    </div>
  );
}

function whereIs(item: IDiagnostic, trans: TranslationBundle): string {
  return item.cell === 0 ? item.code : trans.__('%1, line %2', item.code, item.line);
}

/** What a command takes to go to a problem. */
function placeOf(item: IDiagnostic, path: string) {
  const { cell, cell_id: id, line, column } = item;
  return { path, cell, id, line, column };
}

/** Lead the cursor to the problems that the user asked for. */
function useAsked(model: ProblemsModel, box: React.RefObject<HTMLElement>): void {
  const { requests } = model;
  const seen = React.useRef(requests);
  React.useEffect(() => {
    if (seen.current === requests) {
      return;
    }
    seen.current = requests;
    const rows = [...(box.current?.querySelectorAll<HTMLElement>('.trackbook-Problem') ?? [])];
    const row = rows.find(item => item.dataset.cell === model.asked) ?? rows[0];
    row?.focus();
  }, [model, requests, box]);
}

/** Arrows go from problem to problem. */
function walk(event: React.KeyboardEvent, box: HTMLElement | null): void {
  const rows = [...(box?.querySelectorAll<HTMLElement>('.trackbook-Problem') ?? [])];
  const place = rows.indexOf(event.target as HTMLElement);
  const targets: Readonly<Record<string, number>> = {
    ArrowDown: place + 1,
    ArrowUp: place - 1,
    Home: 0,
    End: rows.length - 1
  };
  const target = targets[event.key];
  if (place < 0 || target === undefined) {
    return;
  }
  event.preventDefault();
  rows[Math.min(rows.length - 1, Math.max(0, target))]?.focus();
}
