import type { KubeObject } from '#model';
import type { ServedKind } from './routes.js';

/**
 * JSON of object versions. An immutable object is turned into text at most once per served version and shared by gets,
 * lists and watches; items of lists lack apiVersion and kind, so the text starts after them.
 */
const bodies = new WeakMap<KubeObject, string>();
const conversions = new WeakMap<object, WeakMap<KubeObject, KubeObject>>();
const heads = new WeakMap<ServedKind, string>();

/** The object as this version shows it. */
export function shown(on: ServedKind, object: KubeObject): KubeObject {
  const { served } = on;
  if (!served?.toServed) return object;
  let known = conversions.get(served);
  if (!known) conversions.set(served, (known = new WeakMap()));
  let converted = known.get(object);
  if (!converted) known.set(object, (converted = served.toServed(object)));
  return converted;
}

/** The text of one object. */
export function objectText(on: ServedKind, object: KubeObject): string {
  const body = bodyText(shown(on, object));
  return headText(on) + (body === '{}' ? '}' : `,${body.slice(1)}`);
}

/** The text of an object as an item of its own list: without apiVersion and kind, but where these are not the build's own. */
export function itemText(on: ServedKind, object: KubeObject): string {
  return on.kind.isCustom ? objectText(on, object) : bodyText(shown(on, object));
}

function bodyText(object: KubeObject): string {
  let text = bodies.get(object);
  if (text === undefined) {
    const { apiVersion: _apiVersion, kind: _kind, ...rest } = object;
    text = JSON.stringify(rest);
    bodies.set(object, text);
  }
  return text;
}

function headText(on: ServedKind): string {
  let head = heads.get(on);
  if (head === undefined) {
    head = `{"kind":${JSON.stringify(on.kind.names.kind)},"apiVersion":${JSON.stringify(on.apiVersion)}`;
    heads.set(on, head);
  }
  return head;
}

const partials = new WeakMap<KubeObject, string>();
/** PartialObjectMetadata of an object, in `meta.k8s.io/<version>`. */
export function partialText(object: KubeObject, version: string): string {
  let metadata = partials.get(object);
  if (metadata === undefined) partials.set(object, (metadata = JSON.stringify(object.metadata)));
  return `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/${version}","metadata":${metadata}}`;
}
