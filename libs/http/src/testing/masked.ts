type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

/**
 * An answer without what differs from one server or moment to another: uids, times, versions, addresses, ages, generated
 * names, and the words that describe a table's columns. Keys are sorted; a watch is a list of its events.
 */
export function masked(text: string): Value {
  const same = text
    .replace(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '<uid>')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>')
    .replace(/(resourceVersion\\*":\\*")\d+/g, '$1<version>')
    .replace(/"10\.96\.\d+\.\d+"/g, '"<address>"')
    .replace(/gen-[a-z0-9]{5}\b/g, 'gen-<random>')
    .replace(/"(\d+[smh])+"/g, '"<age>"');
  try {
    return sorted(JSON.parse(same) as Value);
  } catch {
    const lines = same.trim().split('\n');
    return lines.every((line) => line.startsWith('{'))
      ? lines.map((line) => sorted(JSON.parse(line) as Value))
      : same.trim();
  }
}

function sorted(value: Value): Value {
  if (Array.isArray(value)) return (value as readonly Value[]).map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value as { readonly [key: string]: Value })
    .filter(([key, inner]) => !(key === 'description' && typeof inner === 'string'))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
