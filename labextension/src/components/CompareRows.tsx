import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import {
  bestIn,
  type IColumnChange,
  type IComparedData,
  type IComparedFile,
  type IComparedMetric,
  type IComparedRun,
  type IComparedValue,
  type IDataVersion
} from '../client/compare';
import type { JsonValue } from '../client/types';
import {
  formatBytes,
  formatChange,
  formatExact,
  formatExactValue,
  formatNumber,
  formatValue
} from '../format';
import { classes, useView } from './view';

interface IRows<T> {
  title: string;
  rows: readonly T[];
  runs: readonly IComparedRun[];
}

/** Last values of metrics; below each how it changed from the first run's, and whether that is better. */
export function MetricRows(props: IRows<IComparedMetric>): JSX.Element | null {
  const { trans } = useView();
  return (
    <Section {...props}>
      {row => {
        const best = bestIn(row);
        return row.values.map((value, place) => (
          <td
            key={props.runs[place].id}
            className={classes('trackbook-mod-number', best.has(place) && 'trackbook-mod-best')}
            title={value === null ? undefined : formatExact(value)}
          >
            {best.has(place) && (
              <span className="trackbook-Best" role="img" aria-label={trans.__('best')}>
                ★
              </span>
            )}
            {value === null ? '–' : formatNumber(value)}
            {place > 0 && <Change row={row} place={place} />}
          </td>
        ));
      }}
    </Section>
  );
}

function Change({ row, place }: { row: IComparedMetric; place: number }): JSX.Element | null {
  const { trans } = useView();
  const [absolute, relative, better] = [
    row.absolute[place],
    row.relative[place],
    row.better[place]
  ];
  if (!absolute) {
    return null;
  }
  const sign = absolute > 0 ? '+' : '−';
  const size = `${sign}${formatNumber(Math.abs(absolute))}`;
  const share = relative === null ? '' : ` (${formatChange(relative)})`;
  const word = better === null ? '' : better ? trans.__('better') : trans.__('worse');
  return (
    <span
      className={classes(
        'trackbook-CompareTable-change',
        better === true && 'trackbook-mod-better',
        better === false && 'trackbook-mod-worse'
      )}
    >
      {size}
      {share}
      {word && ` ${word}`}
    </span>
  );
}

/** Parameters, tags, packages and the like. */
export function ValueRows(props: IRows<IComparedValue> & { prefix?: string }): JSX.Element | null {
  return (
    <Section {...props}>
      {row =>
        row.values.map((value, place) => (
          <ValueCell key={props.runs[place].id} value={value} isHash={isHash(row.key, value)} />
        ))
      }
    </Section>
  );
}

function ValueCell({ value, isHash }: { value: JsonValue; isHash: boolean }): JSX.Element {
  return (
    <td
      className={typeof value === 'number' ? 'trackbook-mod-number' : 'trackbook-mod-value'}
      title={value === null ? undefined : formatExactValue(value)}
    >
      {value === null ? '–' : isHash ? shortened(value) : formatValue(value)}
    </td>
  );
}

function shortened(value: JsonValue): string {
  return typeof value === 'string' ? value.slice(0, 10) : formatValue(value);
}

function isHash(key: string, value: JsonValue): boolean {
  return (
    typeof value === 'string' && /(commit|digest|diff)$/.test(key) && /^[0-9a-f]{40,}$/.test(value)
  );
}

/** Artifacts and modules: what was added, removed and changed. */
export function FileRows(props: IRows<IComparedFile>): JSX.Element | null {
  const { trans } = useView();
  return (
    <Section {...props}>
      {row =>
        row.files.map((file, place) => {
          const base = row.files[0];
          const word =
            place === 0 || file?.digest === base?.digest
              ? ''
              : !file
                ? trans.__('removed')
                : base
                  ? trans.__('changed')
                  : trans.__('added');
          return (
            <td
              key={props.runs[place].id}
              className="trackbook-mod-value"
              title={file ? `SHA-256 ${file.digest}` : undefined}
            >
              {file ? formatBytes(file.size) : '–'}
              {word && <span className="trackbook-CompareTable-change">{word}</span>}
            </td>
          );
        })
      }
    </Section>
  );
}

/** Versions of data: rows, size, and columns that are other than in the first version. */
export function DataRows(props: IRows<IComparedData>): JSX.Element | null {
  const { trans } = useView();
  return (
    <Section {...props}>
      {row =>
        row.versions.map((version, place) => (
          <td
            key={props.runs[place].id}
            className="trackbook-mod-value"
            title={version ? versionTitle(version) : undefined}
          >
            {version ? versionText(version, trans) : '–'}
            {version?.columns.map(column => (
              <span key={column.name} className="trackbook-CompareTable-change">
                {columnText(column, trans)}
              </span>
            ))}
          </td>
        ))
      }
    </Section>
  );
}

function versionText(version: IDataVersion, trans: TranslationBundle): string {
  const rows = version.rows === null ? '' : trans._n('%1 row', '%1 rows', version.rows);
  const size = version.size === null ? '' : formatBytes(version.size);
  const digest = version.digest ? version.digest.slice(0, 8) : trans.__('no digest');
  return [rows, size, digest].filter(Boolean).join(', ');
}

function versionTitle(version: IDataVersion): string {
  return version.digest ? `${version.place}\nSHA-256 ${version.digest}` : version.place;
}

function columnText(column: IColumnChange, trans: TranslationBundle): string {
  if (column.before === null) {
    return trans.__('column %1 added (%2)', column.name, column.after);
  }
  return column.after === null
    ? trans.__('column %1 removed', column.name)
    : trans.__('column %1: %2 → %3', column.name, column.before, column.after);
}

function Section<T extends { key: string; differs: boolean }>(
  props: IRows<T> & { prefix?: string; children: (row: T) => React.ReactNode }
): JSX.Element | null {
  const { title, rows, runs, prefix = '', children } = props;
  if (!rows.length) {
    return null;
  }
  return (
    <tbody>
      <tr className="trackbook-CompareTable-section">
        <th scope="rowgroup" colSpan={runs.length + 1}>
          {title}
        </th>
      </tr>
      {rows.map(row => (
        <tr key={row.key} className={classes(!row.differs && 'trackbook-mod-same')}>
          <th scope="row" title={row.key}>
            {row.key.startsWith(prefix) ? row.key.slice(prefix.length) : row.key}
            <Goal row={row} />
          </th>
          {children(row)}
        </tr>
      ))}
    </tbody>
  );
}

function Goal({ row }: { row: { key: string; goal?: string | null } }): JSX.Element | null {
  return row.goal ? (
    <span className="trackbook-Quiet">{row.goal === 'max' ? ' ↑' : ' ↓'}</span>
  ) : null;
}
