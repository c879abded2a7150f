import * as React from 'react';

import { ApiError } from '../client/errors';
import type { IArtifact } from '../client/types';
import { findModels, type IModelFiles, type IModelInfo, readModelInfo } from '../models/modelInfo';
import type { RunModel } from '../models/run';
import { Columns } from './DataInputs';
import { useLoaded } from './loaded';
import { ErrorNote, Loading, Warning } from './Notes';
import { useView } from './view';

/** The models among a run's artifacts: what they were made with, what they take, whether loading them is safe. */
export function Models(props: {
  model: RunModel;
  artifacts: readonly IArtifact[];
}): JSX.Element | null {
  const { trans } = useView();
  const { model, artifacts } = props;
  const found = findModels(artifacts);
  if (!found.length) {
    return null;
  }
  return (
    <section className="trackbook-Models" aria-label={trans.__('Models')}>
      {found.map(files => {
        const digest = artifacts.find(item => item.path === files.path)?.digest;
        return <Model key={`${files.path} ${digest}`} model={model} files={files} />;
      })}
    </section>
  );
}

function Model({ model, files }: { model: RunModel; files: IModelFiles }): JSX.Element {
  const { trans } = useView();
  const { name, path } = files;
  const load = React.useMemo(
    () => async () => {
      const info = readModelInfo(await (await model.artifact(path)).text());
      if (!info) {
        throw new ApiError('content', trans.__('%1 doesn’t describe a model.', path), 0);
      }
      return info;
    },
    [model, path, trans]
  );
  const { value, error } = useLoaded(load);
  return (
    <div className="trackbook-Model" role="group" aria-label={trans.__('Model %1', name)}>
      <h3>
        {name}
        {value && (
          <span className="trackbook-Quiet" title={value.kind}>
            {value.flavor} {value.kind.split('.').pop()}
          </span>
        )}
        {value?.isUnsafe && (
          <Warning text={trans.__('Unsafe to load: it can run code that is stored with it')} />
        )}
      </h3>
      {error && <ErrorNote error={error} />}
      {!value && !error && <Loading label={trans.__('Loading…')} />}
      {value && <Signature info={value} />}
    </div>
  );
}

function Signature({ info }: { info: IModelInfo }): JSX.Element {
  const { trans } = useView();
  const { inputs, outputs, problem, versions } = info;
  return (
    <>
      {inputs.length > 0 && (
        <div className="trackbook-Model-line">
          <span className="trackbook-Quiet">{trans.__('takes')}</span>
          <Columns columns={inputs} label={trans.__('Inputs')} />
        </div>
      )}
      {outputs.length > 0 && (
        <div className="trackbook-Model-line">
          <span className="trackbook-Quiet">{trans.__('gives')}</span>
          <Columns columns={outputs} label={trans.__('Outputs')} />
        </div>
      )}
      {problem !== null && (
        <p className="trackbook-Quiet">
          {trans.__('What it gives is not known: its example raised %1', problem)}
        </p>
      )}
      {!inputs.length && !outputs.length && (
        <p className="trackbook-Quiet">
          {trans.__('No signature: an input example, given with the model, tells it.')}
        </p>
      )}
      {versions.length > 0 && (
        <p className="trackbook-Quiet">
          {versions.map(([library, version]) => `${library} ${version}`).join(' · ')}
        </p>
      )}
    </>
  );
}
