import * as React from 'react';

import { type ApiError, toApiError } from '../client/errors';
import type { IArtifact, IRunDetail } from '../client/types';
import { formatBytes, formatMoment } from '../format';
import type { RunModel } from '../models/run';
import { Models } from './Models';
import { ErrorNote, Loading } from './Notes';
import { type PreviewKind, previewKind, sandboxed } from './preview';
import { SourceText } from './SourceText';
import { classes, useModel, useView } from './view';

/** The files of a run, and a look at the one that is chosen. */
export function Artifacts({ model, detail }: { model: RunModel; detail: IRunDetail }): JSX.Element {
  const { trans } = useView();
  useModel(model);
  const { artifacts } = detail;
  const [chosen, setChosen] = React.useState<string | null>(null);
  const current =
    artifacts.find(item => item.path === chosen) ??
    artifacts.find(item => previewKind(item) === 'image') ??
    artifacts[0];
  if (!current) {
    return (
      <p className="trackbook-Quiet">
        {trans.__('No artifacts: %track artifact PATH, or run.artifact(path)')}
      </p>
    );
  }
  return (
    <>
      <Models model={model} artifacts={artifacts} />
      <div className="trackbook-Artifacts">
        <ul className="trackbook-Artifacts-list" aria-label={trans.__('Artifacts')}>
          {artifacts.map(item => (
            <li key={item.path} className={classes(item === current && 'trackbook-mod-current')}>
              <button
                className="trackbook-Artifacts-name"
                aria-current={item === current}
                title={`${item.path}\n${item.media_type}\n${formatMoment(item.created)}`}
                onClick={() => setChosen(item.path)}
              >
                {item.path}
              </button>
              <span className="trackbook-Quiet">{item.kind}</span>
              <span className="trackbook-mod-number" title={String(item.size)}>
                {formatBytes(item.size)}
              </span>
              <a
                className="trackbook-Link"
                href={model.artifactUrl(item.path)}
                download={item.path.split('/').pop()}
                aria-label={trans.__('Download %1', item.path)}
              >
                {trans.__('Download')}
              </a>
            </li>
          ))}
        </ul>
        <Preview key={current.digest} model={model} artifact={current} />
      </div>
    </>
  );
}

/** What a preview shows: an address of the bytes, or their text. */
interface ILoaded {
  url?: string;
  text?: string;
}

function Preview({ model, artifact }: { model: RunModel; artifact: IArtifact }): JSX.Element {
  const { trans } = useView();
  const kind = previewKind(artifact);
  const [loaded, setLoaded] = React.useState<ILoaded | null>(null);
  const [error, setError] = React.useState<ApiError | null>(null);
  const { path } = artifact;
  React.useEffect(() => {
    if (kind === 'none') {
      return;
    }
    let url: string | null = null;
    let isGone = false;
    const load = async () => {
      const blob = await model.artifact(path);
      const text = kind === 'image' ? undefined : await blob.text();
      if (!isGone) {
        url = kind === 'image' ? URL.createObjectURL(blob) : null;
        setLoaded({ text, url: url ?? undefined });
      }
    };
    load().catch((reason: unknown) => !isGone && setError(toApiError(reason)));
    return () => {
      isGone = true;
      if (url) {
        URL.revokeObjectURL(url);
      }
    };
  }, [model, path, kind]);
  return (
    <figure className="trackbook-Preview">
      <figcaption>{artifact.path}</figcaption>
      {error ? (
        <ErrorNote error={error} />
      ) : kind === 'none' ? (
        <p className="trackbook-Quiet">
          {trans.__('No preview for this type; download it to look at it.')}
        </p>
      ) : loaded ? (
        <Shown kind={kind} loaded={loaded} label={artifact.path} />
      ) : (
        <Loading label={trans.__('Loading…')} />
      )}
    </figure>
  );
}

function Shown(props: { kind: PreviewKind; loaded: ILoaded; label: string }): JSX.Element {
  const { kind, loaded, label } = props;
  if (kind === 'image') {
    return <img src={loaded.url} alt={label} />;
  }
  if (kind === 'html') {
    return <iframe sandbox="" title={label} srcDoc={sandboxed(loaded.text ?? '')} />;
  }
  return <SourceText>{loaded.text}</SourceText>;
}
