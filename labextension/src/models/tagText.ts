type TagMap = Readonly<Record<string, string>>;

/** Tags as one line of text: `baseline, team=vision`; what holds a comma or a quote stands in quotes. */
export function tagsToText(tags: TagMap): string {
  return Object.entries(tags)
    .map(([key, value]) => tagToText(key, value))
    .join(', ');
}

/** The change that makes of `before` what `text` says; null takes a tag away. */
export function tagsFromText(text: string, before: TagMap): Record<string, string | null> {
  const known = new Map(Object.entries(before).map(tag => [tagToText(...tag), tag]));
  const after = new Map<string, string>();
  for (const part of splitParts(text)) {
    const [key, value] = known.get(part) ?? readTag(part);
    after.set(key, value);
  }
  const change: Record<string, string | null> = {};
  Object.keys(before)
    .filter(key => !after.has(key))
    .forEach(key => (change[key] = null));
  after.forEach((value, key) => {
    if (before[key] !== value) {
      change[key] = value;
    }
  });
  return change;
}

function tagToText(key: string, value: string): string {
  const text = value ? `${key}=${value}` : key;
  return /[",\n]|^\s|\s$/.test(text) ? JSON.stringify(text) : text;
}

function readTag(part: string): [string, string] {
  let text = part;
  if (part.startsWith('"')) {
    try {
      text = JSON.parse(part) as string;
    } catch {
      // An open quote is a letter like any other.
    }
  }
  const place = text.indexOf('=');
  return place < 0
    ? [text.trim(), '']
    : [text.slice(0, place).trim(), text.slice(place + 1).trim()];
}

function splitParts(text: string): string[] {
  const parts = text.match(/\s*("(?:[^"\\]|\\.)*"\s*(?=,|$)|[^,]*)(?:,|$)/g) ?? [];
  return parts.map(part => part.replace(/,$/, '').trim()).filter(Boolean);
}
