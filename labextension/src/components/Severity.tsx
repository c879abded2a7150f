import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Severity } from '../client/lint';
import { severityIcons } from '../icons';
import { classes, useView } from './view';

/** The word for a severity, as people say it. */
export function severityWord(severity: Severity, trans: TranslationBundle): string {
  const words: Readonly<Record<Severity, string>> = {
    error: trans.__('error'),
    warning: trans.__('warning'),
    info: trans.__('hint')
  };
  return words[severity] ?? severity;
}

/** A number of problems in words: `2 errors`. */
export function severityCount(severity: Severity, count: number, trans: TranslationBundle): string {
  switch (severity) {
    case 'error':
      return trans._n('%1 error', '%1 errors', count);
    case 'warning':
      return trans._n('%1 warning', '%1 warnings', count);
    default:
      return trans._n('%1 hint', '%1 hints', count);
  }
}

/** A severity as an icon with a shape of its own, and its word for readers. */
export function SeverityIcon({ severity }: { severity: Severity }): JSX.Element {
  const { trans } = useView();
  const icon = severityIcons[severity] ?? severityIcons.info;
  return (
    <span
      className={classes('trackbook-Severity', `trackbook-mod-${severity}`)}
      role="img"
      aria-label={severityWord(severity, trans)}
    >
      <icon.react tag="span" aria-hidden="true" />
    </span>
  );
}
