import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IReproductionMark, ReproductionVerdict } from '../client/reproduction';
import { CommandIDs } from '../commandIds';
import { formatMoment } from '../format';
import { classes, useView } from './view';

/** Shapes that tell verdicts apart without their colours, on a grid of 16: a turning arrow, and a sign in it. */
const SIGNS: Readonly<Record<ReproductionVerdict, string>> = {
  reproduced: 'M5.4 8.3l1.9 1.9 3.5-4',
  differs: 'M5.5 6.8h5M5.5 9.6h5M9.8 4.8l-3.4 6.6',
  failed: 'M6 6l4 4M10 6l-4 4',
  not_comparable: 'M6 8h4'
};

/** The word for a verdict, as people say it. */
export function verdictWord(verdict: ReproductionVerdict, trans: TranslationBundle): string {
  const words: Readonly<Record<ReproductionVerdict, string>> = {
    reproduced: trans.__('reproduced'),
    differs: trans.__('differs'),
    failed: trans.__('not repeated'),
    not_comparable: trans.__('nothing to compare')
  };
  return words[verdict] ?? verdict;
}

function verdictTitle(mark: IReproductionMark, trans: TranslationBundle): string {
  const moment = formatMoment(mark.at);
  switch (mark.verdict) {
    case 'reproduced':
      return trans.__('Run again on %1: the results hold', moment);
    case 'differs':
      return trans.__('Run again on %1: results differ', moment);
    case 'failed':
      return trans.__('Run again on %1: it did not get through', moment);
    default:
      return trans.__('Run again on %1: there was nothing to compare', moment);
  }
}

/** A verdict as an icon, with its word for readers and what it means on hover. */
export function ReproductionIcon(props: {
  mark: IReproductionMark;
  isQuiet?: boolean;
}): JSX.Element {
  const { trans } = useView();
  const { mark, isQuiet } = props;
  return (
    <span
      className={classes('trackbook-Reproduction', `trackbook-mod-${mark.verdict}`)}
      role={isQuiet ? undefined : 'img'}
      aria-hidden={isQuiet}
      aria-label={isQuiet ? undefined : verdictWord(mark.verdict, trans)}
      title={verdictTitle(mark, trans)}
    >
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d="M13.6 5.2A6.2 6.2 0 1 0 14.2 8M13.9 2.2v3.2h-3.2" />
        <path d={SIGNS[mark.verdict]} />
      </svg>
    </span>
  );
}

/** The verdict on the head of a run's page; a click leads to the evidence. */
export function ReproductionBadge(props: {
  mark: IReproductionMark;
  /** Project and run, as commands take them. */
  args: { project: string; run: string };
}): JSX.Element {
  const { trans, execute } = useView();
  const { mark, args } = props;
  return (
    <button
      className={classes('trackbook-ReproductionBadge', `trackbook-mod-${mark.verdict}`)}
      title={trans.__('%1; show the evidence', verdictTitle(mark, trans))}
      onClick={() => execute(CommandIDs.openRun, { ...args, tab: 'reproduction' })}
    >
      <ReproductionIcon mark={mark} isQuiet />
      {verdictWord(mark.verdict, trans)}
    </button>
  );
}
