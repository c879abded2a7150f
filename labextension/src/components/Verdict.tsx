import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { FindingCode, IFinding, IVerdict } from '../client/verdict';
import type { IFindings } from '../models/findings';
import { StatusIcon } from './Status';
import { useView } from './view';

/** How the cells of a run were executed, in one line; below it what concerns cells that did not run. */
export function Verdict(props: { verdict: IVerdict; findings: IFindings }): JSX.Element {
  const { trans } = useView();
  const { verdict, findings } = props;
  if (verdict.clean) {
    return (
      <p className="trackbook-Verdict">
        <StatusIcon status="ok" />{' '}
        {verdict.document === null
          ? trans.__('Each cell ran once')
          : trans.__('Ran top to bottom, nothing edited since')}
      </p>
    );
  }
  return (
    <div className="trackbook-Verdict">
      <p>
        <span aria-hidden="true" className="trackbook-Warning">
          ⚠
        </span>{' '}
        {trans._n('%1 cell needs a look', '%1 cells need a look', Math.max(1, findings.cells))}
      </p>
      <FindingList findings={findings.elsewhere} />
    </div>
  );
}

/** What there is to know about a cell: a word for each finding, and the sentence that explains it. */
export function FindingList(props: { findings: readonly IFinding[] }): JSX.Element | null {
  const { trans } = useView();
  const { findings } = props;
  if (!findings.length) {
    return null;
  }
  return (
    <ul className="trackbook-Findings" aria-label={trans.__('To look at')}>
      {findings.map(({ code, message, names }, place) => (
        <li key={place}>
          <span className="trackbook-Finding">{findingWord(code, trans)}</span>{' '}
          {message || names.join(', ')}
        </li>
      ))}
    </ul>
  );
}

function findingWord(code: FindingCode, trans: TranslationBundle): string {
  const words: Readonly<Record<FindingCode, string>> = {
    out_of_order: trans.__('out of order'),
    edited: trans.__('edited since'),
    deleted_but_used: trans.__('deleted, still used'),
    repeated: trans.__('run more than once'),
    never_run: trans.__('never run')
  };
  return words[code] ?? code;
}
