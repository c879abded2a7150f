import * as React from 'react';

export interface ITab {
  id: string;
  label: string;
  /** How many things are in there. */
  count?: number;
}

/** A row of tabs; arrows go from one to the next, as readers expect. */
export function Tabs(props: {
  label: string;
  tabs: readonly ITab[];
  current: string;
  onChange(id: string): void;
}): JSX.Element {
  const { tabs, current, onChange } = props;
  const row = React.useRef<HTMLDivElement>(null);
  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step) {
      event.preventDefault();
      const place = tabs.findIndex(tab => tab.id === current);
      const next = (place + step + tabs.length) % tabs.length;
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
