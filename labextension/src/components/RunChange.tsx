import * as React from 'react';

import type { IRun } from '../client/types';
import { formatExactValue, formatValue } from '../format';
import { changedParams, type IParamChange } from '../models/headline';
import { useView } from './view';

/** What is worth saying of a run on one line: why it failed, else what changed since an earlier one. */
export function RunChange(props: { run: IRun; earlier: IRun | null }): JSX.Element | null {
  const { trans } = useView();
  const { run, earlier } = props;
  if (run.error) {
    const { cell, ename, evalue } = run.error;
    const what = cell === null ? ename : trans.__('cell %1: %2', cell, ename);
    return (
      <span className="trackbook-RunRow-change trackbook-mod-error" title={`${ename}: ${evalue}`}>
        {what}
      </span>
    );
  }
  const changes = earlier ? changedParams(run, earlier) : [];
  if (!changes.length) {
    return <span className="trackbook-RunRow-change">{run.reason ?? ''}</span>;
  }
  return (
    <span className="trackbook-RunRow-change" title={changes.map(describeExactly).join('\n')}>
      {changes.map(describe).join(', ')}
    </span>
  );
}

function describe(change: IParamChange): string {
  const { key, before, after } = change;
  if (after === undefined) {
    return `−${key}`;
  }
  return before === undefined
    ? `+${key} ${formatValue(after)}`
    : `${key} ${formatValue(before)}→${formatValue(after)}`;
}

function describeExactly({ key, before, after }: IParamChange): string {
  const [from, to] = [before, after].map(value =>
    value === undefined ? '–' : formatExactValue(value)
  );
  return `${key}: ${from} → ${to}`;
}
