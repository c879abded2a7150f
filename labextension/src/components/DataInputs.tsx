import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { DataRole, IColumn, IDataInput, IRunDetail, IUsedData } from '../client/types';
import { formatBytes, formatMoment } from '../format';
import { executionAt } from '../models/executionAt';
import { CellLink } from './CellLink';
import { Warning } from './Notes';
import { classes, useView } from './view';

const COLUMNS = 9;

/** The data that a run used: which version, where it lay, what is in it, and who said or saw so. */
export function DataInputs(props: {
  detail: IRunDetail;
  onCell: (order: number) => void;
}): JSX.Element {
  const { trans } = useView();
  const { detail, onCell } = props;
  if (!detail.data.length) {
    return (
      <p className="trackbook-Quiet">
        {trans.__('None seen: %track data PATH, or run.data(path)')}
      </p>
    );
  }
  return (
    <div
      className="trackbook-Scroll"
      tabIndex={0}
      role="group"
      aria-label={trans.__('Data that the run used')}
    >
      <table className="trackbook-Table trackbook-Data">
        <thead>
          <tr>
            <th scope="col">{trans.__('Name')}</th>
            <th scope="col">{trans.__('Role')}</th>
            <th scope="col">{trans.__('Version')}</th>
            <th scope="col" className="trackbook-mod-number">
              {trans.__('Size')}
            </th>
            <th scope="col" className="trackbook-mod-number">
              {trans.__('Rows')}
            </th>
            <th scope="col">{trans.__('Columns')}</th>
            <th scope="col">{trans.__('Where')}</th>
            <th scope="col">{trans.__('Seen')}</th>
            <th scope="col">{trans.__('Cell')}</th>
          </tr>
        </thead>
        <tbody>
          {detail.data.map((used, place) => (
            <Rows key={place} used={used} detail={detail} onCell={onCell} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Rows(props: {
  used: IUsedData;
  detail: IRunDetail;
  onCell: (order: number) => void;
}): JSX.Element {
  const { trans } = useView();
  const { used, detail, onCell } = props;
  const { data, at, cell_id } = used;
  const [isOpen, setOpen] = React.useState(false);
  const columnsId = React.useId();
  const execution = executionAt(detail.cells, cell_id, at);
  const { columns } = data;
  const hasMore = data.changed || data.problem !== null || isOpen;
  return (
    <>
      <tr className={classes(hasMore && 'trackbook-mod-more')}>
        <th scope="row" title={data.name}>
          {data.name}
        </th>
        <td>{data.role === null ? '–' : roleWord(data.role, trans)}</td>
        <td>
          {data.digest === null ? '–' : <code title={data.digest}>{data.digest.slice(0, 12)}</code>}
        </td>
        <td
          className="trackbook-mod-number"
          title={data.size === null ? undefined : `${data.size}`}
        >
          {data.size === null ? '–' : formatBytes(data.size)}
        </td>
        <td className="trackbook-mod-number">{data.rows?.toLocaleString() ?? '–'}</td>
        <td>
          {columns?.length ? (
            <button
              className="trackbook-Link"
              aria-expanded={isOpen}
              aria-controls={isOpen ? columnsId : undefined}
              onClick={() => setOpen(!isOpen)}
            >
              {isOpen ? '▾' : '▸'} {trans._n('%1 column', '%1 columns', columns.length)}
            </button>
          ) : (
            '–'
          )}
        </td>
        <td className="trackbook-Data-place" title={data.place}>
          <bdi>{data.place}</bdi>
          {data.files !== null && (
            <span className="trackbook-Quiet"> {trans._n('%1 file', '%1 files', data.files)}</span>
          )}
        </td>
        <td title={formatMoment(at)}>{seenText(data, trans)}</td>
        <td>{execution ? <CellLink cell={execution} onCell={onCell} /> : '–'}</td>
      </tr>
      {hasMore && (
        <tr>
          <td colSpan={COLUMNS} className="trackbook-Data-more">
            <div>
              {data.changed && (
                <p>
                  <Warning text={trans.__('%1 changed while it was read', data.name)} />
                </p>
              )}
              {data.problem !== null && (
                <p>
                  <Warning text={data.problem} />
                </p>
              )}
              {columns && isOpen && (
                <div id={columnsId}>
                  <Columns columns={columns} label={trans.__('Columns of %1', data.name)} />
                </div>
              )}
            </div>
          </td>
        </tr>
      )}
    </>
  );
}

/** Names and types, as many beside each other as there is room for. */
export function Columns(props: { columns: readonly IColumn[]; label: string }): JSX.Element {
  return (
    <ul className="trackbook-Columns" aria-label={props.label}>
      {props.columns.map(({ name, type }, place) => (
        <li key={place}>
          {name} <span className="trackbook-Quiet">{type}</span>
        </li>
      ))}
    </ul>
  );
}

function roleWord(role: DataRole, trans: TranslationBundle): string {
  const words: Readonly<Record<DataRole, string>> = {
    train: trans.__('training'),
    validation: trans.__('validation'),
    test: trans.__('test')
  };
  return words[role];
}

function seenText({ origin, reader }: IDataInput, trans: TranslationBundle): string {
  if (origin === 'declared') {
    return trans.__('named');
  }
  return reader === null ? trans.__('read') : trans.__('read by %1', reader);
}
