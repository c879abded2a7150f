import * as React from 'react';

import type { IGit } from '../client/types';
import { formatBytes } from '../format';
import type { RunModel } from '../models/run';
import { EnvironmentText } from './EnvironmentText';
import { useView } from './view';

/** The state of the project's git: commit, branch, remote, and what was not committed. */
export function CodeState({ model, git }: { model: RunModel; git: IGit }): JSX.Element {
  const { trans } = useView();
  return (
    <>
      <table className="trackbook-Table">
        <tbody>
          <tr>
            <th scope="row">{trans.__('commit')}</th>
            <td className="trackbook-mod-value">
              <code>{git.commit}</code>
            </td>
          </tr>
          <tr>
            <th scope="row">{trans.__('branch')}</th>
            <td className="trackbook-mod-value">{git.branch ?? trans.__('none (detached)')}</td>
          </tr>
          {git.remote !== null && (
            <tr>
              <th scope="row">{trans.__('remote')}</th>
              <td className="trackbook-mod-value">{git.remote}</td>
            </tr>
          )}
          <tr>
            <th scope="row">{trans.__('uncommitted')}</th>
            <td className="trackbook-mod-value">
              {changesText(git, trans.__('nothing'), trans.__('changes'))}
            </td>
          </tr>
        </tbody>
      </table>
      {git.diff !== null && (
        <EnvironmentText
          model={model}
          part="diff"
          show={trans.__('Show what was not committed')}
          hide={trans.__('Hide what was not committed')}
        />
      )}
      {git.diff_cut && git.diff_size !== null && (
        <p className="trackbook-Quiet">
          {trans.__('Its beginning is kept: all of it was %1.', formatBytes(git.diff_size))}
        </p>
      )}
    </>
  );
}

function changesText(git: IGit, nothing: string, changes: string): string {
  if (!git.dirty) {
    return nothing;
  }
  return git.diff_size === null ? changes : `${changes}, ${formatBytes(git.diff_size)}`;
}
