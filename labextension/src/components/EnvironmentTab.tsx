import * as React from 'react';

import type { IEnvironment, IRunDetail } from '../client/types';
import { formatBytes } from '../format';
import { useView } from './view';

/** What a run ran on: python, machine, git, packages, modules of the project. */
export function EnvironmentTab({ detail }: { detail: IRunDetail }): JSX.Element {
  const { trans } = useView();
  const { environment, modules } = detail;
  if (!environment) {
    return (
      <p className="trackbook-Quiet">{trans.__('The environment of this run was not recorded.')}</p>
    );
  }
  return (
    <div className="trackbook-Environment">
      <section>
        <h3>{trans.__('Machine')}</h3>
        <Table rows={machineRows(environment, trans.__('uncommitted changes'))} />
      </section>
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
    </div>
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

function machineRows(environment: IEnvironment, dirty: string): [string, string][] {
  const { git, hardware } = environment;
  const rows: [string, string][] = [
    ['python', environment.python],
    ['platform', environment.platform],
    ['executable', environment.executable],
    ...Object.entries(hardware).map(([key, value]): [string, string] => [
      key,
      hardwareText(key, value)
    ])
  ];
  if (git) {
    const state = git.dirty ? ` (${dirty})` : '';
    rows.push(['git', `${git.branch ?? 'HEAD'} ${git.commit.slice(0, 12)}${state}`]);
  }
  return rows;
}

function hardwareText(key: string, value: string | number): string {
  return typeof value === 'number' && key.includes('memory') ? formatBytes(value) : String(value);
}
