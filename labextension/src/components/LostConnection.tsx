import * as React from 'react';

import { formatRelative } from '../format';
import type { ConnectionModel } from '../models/connection';
import { useModel, useNow, useView } from './view';

/** Says so while the server doesn't answer; nothing otherwise. */
export function LostConnection({ connection }: { connection: ConnectionModel }): JSX.Element {
  useModel(connection);
  // Readers tell of what is put into a place that they know already.
  return (
    <div className="trackbook-LostConnection" role="status">
      {connection.lostSince !== null && (
        <Lost since={connection.lostSince} onRetry={() => connection.retry()} />
      )}
    </div>
  );
}

function Lost({ since, onRetry }: { since: number; onRetry(): void }): JSX.Element {
  const { trans } = useView();
  const now = useNow(10);
  const when = formatRelative(new Date(since).toISOString(), now);
  return (
    <div className="trackbook-LostConnection-note">
      <span>
        {trans.__(
          'The server doesn’t answer. What you see was read %1; it is renewed by itself as soon as the server is back. Runs go on meanwhile, and what they record is kept.',
          when
        )}
      </span>
      <button className="trackbook-Button" onClick={onRetry}>
        {trans.__('Try now')}
      </button>
    </div>
  );
}
