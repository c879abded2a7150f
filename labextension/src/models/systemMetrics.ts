import type { ISeriesSummary } from '../client/types';

/** What the keys of system metrics begin with. */
const PREFIX = 'system/';

export type SystemGroup = 'cpu' | 'memory' | 'disk' | 'network' | 'gpu' | 'other';

const GROUPS: readonly SystemGroup[] = ['cpu', 'memory', 'disk', 'network', 'gpu', 'other'];

/** Series of one group with one unit: what belongs into one chart. */
export interface ISystemChart {
  group: SystemGroup;
  unit: string | null;
  series: ISeriesSummary[];
}

/** Whether a key (or a one-line series name) belongs to the machine and not to the work. */
export function isSystemKey(key: string): boolean {
  return key.startsWith(PREFIX);
}

/** The key of a system metric without what all of them begin with. */
export function systemName(key: string): string {
  return isSystemKey(key) ? key.slice(PREFIX.length) : key;
}

/** The charts of a run's system metrics: one for each group and unit. */
export function systemCharts(series: readonly ISeriesSummary[]): ISystemChart[] {
  const charts = new Map<string, ISystemChart>();
  for (const item of series) {
    if (!isSystemKey(item.key)) {
      continue;
    }
    const group = groupOf(systemName(item.key));
    const name = `${group} ${item.unit ?? ''}`;
    const chart = charts.get(name) ?? { group, unit: item.unit, series: [] };
    chart.series.push(item);
    charts.set(name, chart);
  }
  const sorted = [...charts.values()];
  return sorted.sort((a, b) => GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group));
}

/** The group of a name such as `cpu`, `process.memory` or `gpu.0.power`. A card's memory is the card's. */
function groupOf(name: string): SystemGroup {
  const words = name.toLowerCase().split(/[./_ -]/);
  const order: SystemGroup[] = ['gpu', 'network', 'disk', 'memory', 'cpu'];
  return order.find(group => words.some(word => word.startsWith(group))) ?? 'other';
}
