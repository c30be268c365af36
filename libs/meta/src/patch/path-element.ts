import { isJsonObject, type Json, type JsonObject } from '#std';
import { keyDefault, type ListShape, type Place } from './shape.js';

/** The element of a list's item in a path, or Kubernetes' sentence why it has none. */
export type ItemElement = { readonly element: string } | { readonly problem: string };

/** `k:{"name":"c"}` for associative lists, `v:"x"` for sets. */
export function itemElement(place: Place, list: ListShape, item: Json | undefined): ItemElement {
  return place.rules.listType === 'set' ? setElement(item) : keyedElement(place, list, item);
}

function setElement(item: Json | undefined): ItemElement {
  if (item === null || item === undefined) {
    return { problem: "associative list without keys has an element that's an explicit null" };
  }
  if (Array.isArray(item)) return { problem: 'not supported: associative list with lists as elements' };
  if (isJsonObject(item)) return { problem: "associative list without keys has an element that's a map type" };
  return { element: `v:${JSON.stringify(item)}` };
}

function keyedElement(place: Place, list: ListShape, item: Json | undefined): ItemElement {
  if (item === null || item === undefined) {
    return { problem: 'associative list with keys may not have a null element' };
  }
  if (!isJsonObject(item)) return { problem: 'associative list with keys may not have non-map elements' };
  const keys = place.rules.mapKeys ?? [];
  const parts: string[] = [];
  for (const key of keys.length > 1 ? [...keys].sort() : keys) {
    const value = item[key] ?? keyDefault(list, key);
    if (value !== undefined) parts.push(`${JSON.stringify(key)}:${JSON.stringify(value)}`);
  }
  if (parts.length > 0) return { element: `k:{${parts.join(',')}}` };
  const names = `[${keys.map((key) => JSON.stringify(key)).join(' ')}]`;
  const omits = `associative list with keys has an element that omits all key fields ${names}`;
  return { problem: `${omits} (and doesn't have default values for any key fields)` };
}

/** A path as conflicts print it: `.spec.containers[name="c"].image`. */
export function pathText(path: readonly string[]): string {
  return path.map(elementText).join('');
}
export function elementText(element: string): string {
  const rest = element.slice(2);
  switch (element.charAt(0)) {
    case 'f':
      return `.${rest}`;
    case 'k': {
      const key = JSON.parse(rest) as JsonObject;
      return `[${Object.entries(key)
        .map(([name, value]) => `${name}=${keyText(value)}`)
        .join(',')}]`;
    }
    case 'v':
      return `[=${rest}]`;
    default:
      return `[${rest}]`;
  }
}

/** The value of a key. One that is a map, which none can be, is printed with nothing around it. */
function keyText(value: Json | undefined): string {
  if (!isJsonObject(value)) return JSON.stringify(value);
  return Object.entries(value)
    .map(([name, inner]) => `${name}=${keyText(inner)}`)
    .join('');
}

/** A client's spelling of a path element in its one form; undefined when it is none. */
export function canonicalElement(element: string): string | undefined {
  const rest = element.slice(2);
  if (element.charAt(1) !== ':') return undefined;
  try {
    switch (element.charAt(0)) {
      case 'f':
        return element;
      case 'k': {
        const key: unknown = JSON.parse(rest);
        if (!isJsonObject(key)) return undefined;
        const parts = Object.keys(key).sort();
        return `k:{${parts.map((name) => `${JSON.stringify(name)}:${JSON.stringify(key[name])}`).join(',')}}`;
      }
      case 'v':
        return `v:${JSON.stringify(JSON.parse(rest))}`;
      case 'i':
        return /^-?\d+$/.test(rest) ? element : undefined;
      default:
        return undefined;
    }
  } catch {
    // Not JSON: the element says nothing.
    return undefined;
  }
}
