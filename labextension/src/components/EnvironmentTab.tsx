import * as React from 'react';

import type { IEnvironment, IRunDetail } from '../client/types';
import { formatBytes } from '../format';
import type { RunModel } from '../models/run';
import { CodeState } from './CodeState';
import { DataInputs } from './DataInputs';
import { EnvironmentText } from './EnvironmentText';
import { Secrets } from './Secrets';
import { Seeds } from './Seeds';
import { useView } from './view';

/** What went into a run besides its parameters: data, seeds, code, machine, packages. */
export function EnvironmentTab(props: {
  model: RunModel;
  detail: IRunDetail;
  onCell: (order: number) => void;
}): JSX.Element {
  const { trans } = useView();
  const { model, detail, onCell } = props;
  return (
    <div className="trackbook-Environment">
      <Secrets secrets={detail.secrets} />
      <section>
        <h3>{trans.__('Data')}</h3>
        <DataInputs detail={detail} onCell={onCell} />
      </section>
      <section>
        <h3>{trans.__('Random numbers')}</h3>
        <Seeds detail={detail} onCell={onCell} />
      </section>
      {detail.environment ? (
        <Environment model={model} detail={detail} environment={detail.environment} />
      ) : (
        <section>
          <h3>{trans.__('Environment')}</h3>
          <p className="trackbook-Quiet">
            {trans.__('The environment of this run was not recorded.')}
          </p>
        </section>
      )}
    </div>
  );
}

function Environment(props: {
  model: RunModel;
  detail: IRunDetail;
  environment: IEnvironment;
}): JSX.Element {
  const { trans } = useView();
  const { model, detail, environment } = props;
  const { git, lock } = environment;
  const { modules } = detail;
  const variables = Object.entries(environment.variables).sort(([a], [b]) => a.localeCompare(b));
  const editable = Object.entries(environment.editable);
  return (
    <>
      {git && (
        <section>
          <h3>{trans.__('Code')}</h3>
          <CodeState model={model} git={git} />
        </section>
      )}
      <section>
        <h3>{trans.__('Machine')}</h3>
        <Table rows={machineRows(environment)} />
      </section>
      {variables.length > 0 && (
        <section>
          <h3>{trans.__('Environment variables')}</h3>
          <Table rows={variables} />
        </section>
      )}
      {editable.length > 0 && (
        <section>
          <h3>{trans.__('Packages installed from a folder')}</h3>
          <Table
            rows={editable.map(([name, { path, commit, dirty }]) => {
              const state = dirty ? ` (${trans.__('uncommitted changes')})` : '';
              const git = commit === null ? '' : ` · ${commit.slice(0, 12)}${state}`;
              return [name, `${path}${git}`];
            })}
          />
        </section>
      )}
      {lock && (
        <section>
          <h3>{trans.__('Lock file')}</h3>
          <p>
            {lock.path}{' '}
            <span className="trackbook-Quiet" title={lock.digest}>
              {formatBytes(lock.size)} · {lock.digest.slice(0, 12)}
            </span>
          </p>
          <EnvironmentText
            model={model}
            part="lock"
            show={trans.__('Show the file')}
            hide={trans.__('Hide the file')}
          />
        </section>
      )}
      {modules.length > 0 && (
        <section>
          <h3>{trans.__('Modules of the project')}</h3>
          <Table
            rows={modules.map(item => [
              item.name,
              `${item.path} · ${formatBytes(item.size)} · ${item.digest.slice(0, 12)}`
            ])}
          />
        </section>
      )}
      <Packages packages={environment.packages} />
    </>
  );
}

function Packages({ packages }: { packages: Readonly<Record<string, string>> }): JSX.Element {
  const { trans } = useView();
  const [text, setText] = React.useState('');
  const rows = Object.entries(packages)
    .filter(([name]) => name.toLowerCase().includes(text.trim().toLowerCase()))
    .sort(([a], [b]) => a.localeCompare(b));
  return (
    <section>
      <h3>{trans.__('Packages')}</h3>
      <input
        className="trackbook-Input"
        type="search"
        value={text}
        placeholder={trans.__('Filter %1 packages', Object.keys(packages).length)}
        aria-label={trans.__('Filter packages')}
        onChange={event => setText(event.target.value)}
      />
      <Table rows={rows} />
    </section>
  );
}

function Table({ rows }: { rows: readonly (readonly [string, string])[] }): JSX.Element {
  return (
    <table className="trackbook-Table">
      <tbody>
        {rows.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td className="trackbook-mod-value">{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function machineRows(environment: IEnvironment): [string, string][] {
  return [
    ['python', environment.python],
    ['platform', environment.platform],
    ['executable', environment.executable],
    ...Object.entries(environment.hardware).map(([key, value]): [string, string] => [
      key,
      hardwareText(key, value)
    ])
  ];
}

function hardwareText(key: string, value: string | number): string {
  return typeof value === 'number' && key.includes('memory') ? formatBytes(value) : String(value);
}
