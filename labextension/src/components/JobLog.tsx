import * as React from 'react';

import type { JobLogModel } from '../models/jobLog';
import type { QueueModel } from '../models/queue';
import { ErrorNote, Loading } from './Notes';
import { useModel, useView } from './view';

/** How near to its end a log has to be for what is added to pull it on, in pixels. */
const NEAR = 30;

/** What a job's processes say, followed while it is unfolded. */
export function JobLog({ model }: { model: QueueModel }): JSX.Element {
  const { trans } = useView();
  useModel(model);
  const { log } = model;
  return (
    <details
      className="trackbook-Fold"
      open={log !== null}
      onToggle={event => {
        if (event.currentTarget.open !== (model.log !== null)) {
          if (event.currentTarget.open) {
            model.openLog();
          } else {
            model.closeLog();
          }
        }
      }}
    >
      <summary>{trans.__('Log')}</summary>
      {log && <Text log={log} />}
    </details>
  );
}

function Text({ log }: { log: JobLogModel }): JSX.Element {
  const { trans } = useView();
  const version = useModel(log);
  const box = React.useRef<HTMLPreElement>(null);
  const isAtEnd = React.useRef(true);
  React.useEffect(() => {
    const element = box.current;
    if (element && isAtEnd.current) {
      element.scrollTop = element.scrollHeight;
    }
  }, [version]);
  if (!log.isReady) {
    return <Loading label={trans.__('Loading the log…')} />;
  }
  return (
    <>
      {log.error && <ErrorNote error={log.error} />}
      {log.isCut && (
        <p className="trackbook-Quiet">{trans.__('The beginning is in the file of the run.')}</p>
      )}
      {log.text === '' && !log.error ? (
        <p className="trackbook-Quiet">
          {log.isComplete
            ? trans.__('Its processes said nothing.')
            : trans.__('Its processes have said nothing yet.')}
        </p>
      ) : (
        <pre
          ref={box}
          className="trackbook-Source trackbook-Log"
          tabIndex={0}
          aria-label={trans.__('Log')}
          onScroll={event => {
            const { scrollTop, clientHeight, scrollHeight } = event.currentTarget;
            isAtEnd.current = scrollTop + clientHeight > scrollHeight - NEAR;
          }}
        >
          {log.text}
        </pre>
      )}
    </>
  );
}
