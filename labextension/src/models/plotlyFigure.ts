import { ContentError } from './content';

/** A plotly figure as it is stored: traces and layout. */
export interface IPlotlyFigure {
  data: Record<string, unknown>[];
  layout: Record<string, unknown>;
}

/** The trace types of the small build of plotly that comes with the panel. */
const BASIC = new Set(['scatter', 'bar', 'pie']);

/**
 * Return the figure in a value's content; raises ContentError. What would make the browser fetch something (pictures and
 * map styles behind an address) is left out: a stored figure sends no requests in the name of who looks at it.
 */
export function readFigure(text: string): IPlotlyFigure {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ContentError('It is no JSON.');
  }
  const { data, layout } = (value ?? {}) as { data?: unknown; layout?: unknown };
  if (!Array.isArray(data)) {
    throw new ContentError('The figure has no list of traces.');
  }
  return {
    data: data.filter(isRecord).map(trace => harmless(trace) as Record<string, unknown>),
    layout: isRecord(layout) ? (harmless(layout) as Record<string, unknown>) : {}
  };
}

/** The types of traces in the figure that the small build of plotly can't draw. */
export function foreignTypes({ data }: IPlotlyFigure): string[] {
  const types = data.map(trace => (typeof trace.type === 'string' ? trace.type : 'scatter'));
  return [...new Set(types)].filter(type => !BASIC.has(type)).sort();
}

/** Names of plotly's attributes that can hold an address. */
const ADDRESSES = new Set(['source', 'style', 'accesstoken', 'sourceattribution']);

function harmless(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(harmless);
  }
  if (!isRecord(value)) {
    return value;
  }
  const kept = Object.entries(value).filter(([name, item]) => !leadsAway(name, item));
  return Object.fromEntries(kept.map(([name, item]) => [name, harmless(item)]));
}

function leadsAway(name: string, value: unknown): boolean {
  if (!ADDRESSES.has(name)) {
    return false;
  }
  const items: unknown[] = Array.isArray(value) ? value : [value];
  return items.some(item => {
    return typeof item === 'string' && !/^data:image\//i.test(item) && /[/:]/.test(item);
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
