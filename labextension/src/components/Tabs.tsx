import * as React from 'react';

import { readingKey } from './direction';

export interface ITab {
  id: string;
  label: string;
  /** How many things are in there. */
  count?: number;
}

/** A row of tabs; arrows go from one to the next, Home and End to the first and the last, as readers expect. */
export function Tabs(props: {
  label: string;
  tabs: readonly ITab[];
  current: string;
  onChange(id: string): void;
}): JSX.Element {
  const { tabs, current, onChange } = props;
  const row = React.useRef<HTMLDivElement>(null);
  const onKeyDown = (event: React.KeyboardEvent) => {
    const place = tabs.findIndex(tab => tab.id === current);
    const next = {
      ArrowLeft: (place - 1 + tabs.length) % tabs.length,
      ArrowRight: (place + 1) % tabs.length,
      Home: 0,
      End: tabs.length - 1
    }[readingKey(event)];
    if (next !== undefined) {
      event.preventDefault();
      onChange(tabs[next].id);
      row.current?.querySelectorAll<HTMLElement>('[role=tab]')[next].focus();
    }
  };
  return (
    <div
      ref={row}
      className="trackbook-Tabs"
      role="tablist"
      aria-label={props.label}
      onKeyDown={onKeyDown}
    >
      {tabs.map(tab => (
        <button
          key={tab.id}
          role="tab"
          aria-selected={tab.id === current}
          tabIndex={tab.id === current ? 0 : -1}
          className="trackbook-Tab"
          onClick={() => onChange(tab.id)}
        >
          {tab.label}
          {tab.count !== undefined && <span className="trackbook-Tab-count">{tab.count}</span>}
        </button>
      ))}
    </div>
  );
}

/** What belongs to the chosen tab. It can be scrolled by keys, whatever is in it. */
export function TabPanel(props: {
  tabs: readonly ITab[];
  current: string;
  children: React.ReactNode;
}): JSX.Element {
  const label = props.tabs.find(tab => tab.id === props.current)?.label;
  return (
    <div className="trackbook-Page-body" role="tabpanel" aria-label={label} tabIndex={0}>
      {props.children}
    </div>
  );
}
