import * as React from 'react';

import { SEVERITIES } from '../client/lint';
import { CommandIDs } from '../commandIds';
import type { LintModel } from '../models/lint';
import { severityCount, SeverityIcon } from './Severity';
import { useModel, useView } from './view';

/** How many problems a notebook has, for its toolbar; nothing while it has none. */
export function ProblemCount({ model }: { model: LintModel }): JSX.Element | null {
  const { trans, execute } = useView();
  useModel(model);
  const diagnostics = model.report?.diagnostics ?? [];
  const counts = SEVERITIES.map(severity => ({
    severity,
    count: diagnostics.filter(item => item.severity === severity).length
  })).filter(({ count }) => count > 0);
  if (!counts.length) {
    return null;
  }
  const words = counts.map(({ severity, count }) => severityCount(severity, count, trans));
  const label = trans.__('%1 in this notebook', words.join(', '));
  return (
    <button
      className="trackbook-ProblemCount"
      aria-label={label}
      title={trans.__('%1: show them', label)}
      onClick={() => execute(CommandIDs.showProblems)}
    >
      {counts.map(({ severity, count }) => (
        <span key={severity} className="trackbook-ProblemCount-part" aria-hidden="true">
          <SeverityIcon severity={severity} />
          {count}
        </span>
      ))}
    </button>
  );
}
