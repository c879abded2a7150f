import type { IRunTarget } from '../client/board';
import type { JsonValue } from '../client/types';

/**
 * The code of a cell that draws a chart again; null where a notebook can't. Named runs are written as their ids, a
 * search as it stands, so that the cell draws what matches when it runs.
 */
export function chartCode(
  kind: string,
  title: string | null,
  options: Readonly<Record<string, JsonValue>> | null,
  target: IRunTarget
): string | null {
  if (!options) {
    return null;
  }
  const given: [string, JsonValue][] = [];
  if ('runs' in target) {
    given.push(['runs', [...target.runs]]);
  } else {
    const { query, notebook, experiment, trashed } = target.scope;
    given.push(['query', query], ['experiment', experiment], ['notebook', notebook]);
    given.push(['trashed', trashed || null]);
  }
  given.push(...Object.entries(options), ['title', title]);
  const kept = given.filter(([, value]) => value !== null && value !== '');
  const parts = [literal(kind), ...kept.map(([name, value]) => `${name}=${literal(value)}`)];
  const line = `tb.chart(${parts.join(', ')})`;
  const call = line.length <= 100 ? line : `tb.chart(\n    ${parts.join(',\n    ')},\n)`;
  return `import trackbook as tb\n\n${call}`;
}

/** A value as Python has it. */
export function literal(value: JsonValue): string {
  if (value === null) {
    return 'None';
  }
  switch (typeof value) {
    case 'boolean':
      return value ? 'True' : 'False';
    case 'number':
      return Number.isFinite(value) ? String(value) : `float("${String(value).toLowerCase()}")`;
    case 'string':
      // What JSON escapes, Python reads alike.
      return JSON.stringify(value).replace(/[\u007f-\u009f\u2028\u2029]/g, escapeCharacter);
    default:
      return Array.isArray(value)
        ? `[${value.map(literal).join(', ')}]`
        : `{${Object.entries(value)
            .map(([name, item]) => `${literal(name)}: ${literal(item)}`)
            .join(', ')}}`;
  }
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
