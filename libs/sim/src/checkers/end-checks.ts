import { endpointSlices, namespaces, pods, services } from '#kinds';
import { mapMatcher } from '#meta';
import { parseStream, type StoredEvent, type StreamState, type View } from '#model';
import { type Pod } from '#pod';
import { jsonEquals } from '#std';

/** What is said of an acknowledged write: where it is, and in which stream. */
export interface Promised {
  readonly position: number;
  readonly changed: boolean;
  readonly what: string;
  readonly stream: string;
}

/** A write that was acknowledged is in the log, in its stream, and no later writer's term has made it void. */
export function lostWrites(
  events: readonly StoredEvent[],
  promised: readonly Promised[],
  writerStream: string,
): readonly string[] {
  const kept = new Map<number, string>();
  let term = 0;
  for (const { stream, data, metadata, position } of events) {
    if (stream === writerStream) term = Math.max(term, (data as { epoch?: number }).epoch ?? 0);
    else if (metadata.epoch >= term) kept.set(position, stream);
  }
  return promised
    .filter(({ changed, position, stream }) => changed && kept.get(position) !== stream)
    .map(({ what, position }) => `${what} at position ${position}`);
}

/** A namespace that was deleted ends, and nothing is in a namespace that there is not. */
export function leftInNamespaces(view: View, entries: Iterable<readonly [string, StreamState]>): readonly string[] {
  const out = view
    .list(namespaces)
    .filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
    .map(({ metadata }) => `namespace ${metadata.name} is still being deleted`);
  for (const [stream, { object }] of entries) {
    const { namespace } = parseStream(stream);
    if (object && namespace !== undefined && !view.get(namespaces, undefined, namespace))
      out.push(`${stream} outlived its namespace`);
  }
  return out;
}

/** The slices of a service list as ready exactly the ready pods that it selects. */
export function wrongSlices(view: View): readonly string[] {
  const out: string[] = [];
  for (const { metadata, spec } of view.list(services)) {
    if (!spec.selector) continue;
    const matcher = mapMatcher(spec.selector);
    const wanted = view
      .list(pods, metadata.namespace)
      .filter((pod) => matcher.matches(pod.metadata.labels) && isReady(pod));
    const owned = view
      .list(endpointSlices, metadata.namespace)
      .filter((slice) => slice.metadata.ownerReferences?.[0]?.uid === metadata.uid);
    const listed = owned.flatMap((slice) => slice.endpoints ?? []).filter((endpoint) => endpoint.conditions?.ready);
    const should = wanted.map((pod) => `${pod.metadata.name} ${pod.status?.podIP ?? ''}`).sort();
    const does = listed.map((endpoint) => `${endpoint.targetRef?.name ?? ''} ${endpoint.addresses?.[0] ?? ''}`).sort();
    if (!jsonEquals(should, does))
      out.push(`${metadata.namespace}/${metadata.name} lists [${does.join(', ')}], ready are [${should.join(', ')}]`);
  }
  return out;
}

/** Events that hold a secret as it is or as base64. */
export function clearText(events: readonly StoredEvent[], secret: string): readonly string[] {
  // What follows the secret changes the last sextets: the whole triples before it do not.
  const encoded = Buffer.from(secret.slice(0, secret.length - (secret.length % 3))).toString('base64');
  return events
    .filter((event) => {
      const text = JSON.stringify(event);
      return text.includes(secret) || text.includes(encoded);
    })
    .map(({ stream, position }) => `${stream} at position ${position}`);
}

/** Two foldings of one log must be alike in every stream. */
export function differing(
  one: Iterable<readonly [string, StreamState]>,
  other: Iterable<readonly [string, StreamState]>,
): readonly string[] {
  const left = new Map(one);
  const right = new Map(other);
  const streams = new Set([...left.keys(), ...right.keys()]);
  return [...streams].filter((stream) => !jsonEquals(left.get(stream)?.object, right.get(stream)?.object));
}

function isReady(pod: Pod): boolean {
  const conditions = (pod.status?.conditions ?? []) as readonly { readonly type: string; readonly status: string }[];
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}
