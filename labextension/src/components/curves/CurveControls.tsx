import * as React from 'react';

import type { BandKind, CurveOptions } from '../../models/curveOptions';
import { useModel, useView } from '../view';
import { metricField } from './axisTexts';

/** How the charts of a page are drawn. */
export function CurveControls(props: {
  options: CurveOptions;
  /** The metrics over which curves can go. */
  keys: readonly string[];
  /** The fields by which runs can be grouped, and what they are called. */
  groupings: readonly { field: string; label: string }[];
  /** Whether some metric has several contexts. */
  hasContexts: boolean;
}): JSX.Element {
  const { trans } = useView();
  const { options, keys, groupings, hasContexts } = props;
  useModel(options);
  const { settings } = options;
  const check = (name: 'isLogX' | 'isLogY' | 'hasEnvelope' | 'hasFacets', label: string) => (
    <label>
      <input
        type="checkbox"
        checked={settings[name]}
        onChange={event => options.set({ [name]: event.target.checked })}
      />{' '}
      {label}
    </label>
  );
  return (
    <div
      className="trackbook-Charts-bar"
      role="group"
      aria-label={trans.__('How curves are drawn')}
    >
      <label>
        {trans.__('Horizontal')}{' '}
        <select
          className="trackbook-Select"
          value={settings.x}
          onChange={event => options.set({ x: event.target.value })}
        >
          <option value="step">{trans.__('step')}</option>
          <option value="relative">{trans.__('time since the start')}</option>
          <option value="time">{trans.__('time')}</option>
          {keys.map(key => (
            <option key={key} value={metricField(key)}>
              {key}
            </option>
          ))}
        </select>
      </label>
      {check('isLogX', trans.__('Log scale, horizontal'))}
      {check('isLogY', trans.__('Log scale, vertical'))}
      <label>
        {trans.__('Smoothing')}{' '}
        <input
          type="range"
          className="trackbook-Curves-smoothing"
          min={0}
          max={0.99}
          step={0.01}
          value={settings.smoothing}
          aria-valuetext={settings.smoothing.toFixed(2)}
          onChange={event => options.set({ smoothing: Number(event.target.value) })}
        />{' '}
        <span className="trackbook-mod-number">{settings.smoothing.toFixed(2)}</span>
      </label>
      {check('hasEnvelope', trans.__('Range of values'))}
      {groupings.length > 0 && (
        <label>
          {trans.__('Mean over')}{' '}
          <select
            className="trackbook-Select"
            value={settings.groupBy ?? ''}
            onChange={event => options.set({ groupBy: event.target.value || null })}
          >
            <option value="">{trans.__('no runs')}</option>
            {groupings.map(({ field, label }) => (
              <option key={field} value={field}>
                {label}
              </option>
            ))}
          </select>
        </label>
      )}
      {settings.groupBy !== null && (
        <label>
          {trans.__('Band')}{' '}
          <select
            className="trackbook-Select"
            value={settings.band}
            onChange={event => options.set({ band: event.target.value as BandKind })}
          >
            <option value="range">{trans.__('lowest to highest')}</option>
            <option value="deviation">{trans.__('standard deviation')}</option>
          </select>
        </label>
      )}
      {hasContexts && check('hasFacets', trans.__('A chart for each context'))}
    </div>
  );
}
