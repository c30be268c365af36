import { endpointSlices, ipAddresses, isAllocated, namespaces, pods, serviceCidrs, services } from '#kinds';
import { canonicalIp, mapMatcher } from '#meta';
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

/** Each address of a service has one holder and its IPAddress, no IPAddress outlives its service, and ranges are ready or gone. */
export function wrongAddresses(view: View): readonly string[] {
  const out: string[] = [];
  const holders = new Map<string, string>();
  for (const { metadata, spec } of view.list(services)) {
    const holder = `${metadata.namespace}/${metadata.name}`;
    for (const text of spec.clusterIPs ?? []) {
      if (text === 'None') continue;
      const ip = canonicalIp(text);
      const other = holders.get(ip);
      if (other !== undefined) out.push(`${other} and ${holder} hold ${ip}`);
      holders.set(ip, holder);
    }
  }
  for (const address of view.list(ipAddresses).filter(isAllocated)) {
    const { name } = address.metadata;
    const { parentRef } = address.spec;
    const said = `${parentRef.namespace}/${parentRef.name}`;
    if (holders.get(name) !== said)
      out.push(`IPAddress ${name} says ${said}, held by ${holders.get(name) ?? 'nobody'}`);
    holders.delete(name);
  }
  for (const [ip, holder] of holders) out.push(`${ip} of ${holder} has no IPAddress`);
  for (const { metadata, status } of view.list(serviceCidrs)) {
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    const { name, deletionTimestamp } = metadata;
    if ((ready?.status === 'True') === (deletionTimestamp !== undefined)) {
      out.push(`ServiceCIDR ${name} is ${ready?.status === 'True' ? '' : 'not '}ready`);
    }
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
