import type { AssignedObject, AssignmentPart, Change, Digests, KubeObject, View } from '#model';
import { assignmentDigest, kindRef, streamOf } from '#model';
import type { Pod } from '#pod';
import { INGRESS_CLASSES, INGRESSES, IngressCertificates, isCertificate } from './ingress-certificates.js';
import { NodePlaces } from './node-places.js';
import { PolicyNeeds, type Tell } from './policy-needs.js';
import { PolicyPeers } from './policy-peers.js';

const pods = kindRef('core.pods');
const CONFIG_MAPS = 'core.configmaps';
const SECRETS = 'core.secrets';
const RUNTIME_CLASSES = 'node.k8s.io.runtimeclasses';
const NEEDED_BY_PODS: ReadonlySet<string> = new Set([CONFIG_MAPS, SECRETS, RUNTIME_CLASSES]);
const SERVICES = 'core.services';
const NODES = 'core.nodes';
const NETWORK_POLICIES = 'networking.k8s.io.networkpolicies';
/**
 * Every node needs all of these: pods see Services in their environment, the service proxy leads to their endpoints, cluster
 * DNS has a name for each, and ingresses lead to them.
 */
const SHARED: readonly string[] = [
  SERVICES,
  'discovery.k8s.io.endpointslices',
  'core.namespaces',
  INGRESSES,
  INGRESS_CLASSES,
];

/** Streams of everything a pod needs on its node: itself, and its runtime class, the ConfigMaps and the Secrets that it names. */
export function needsOf(pod: KubeObject): readonly string[] {
  const namespace = pod.metadata.namespace;
  const { spec } = pod as Partial<Pod>;
  const names = new Set<string>([streamOf(pods.id, namespace, pod.metadata.name)]);
  const configMap = (name: string | undefined): void =>
    void (name && names.add(streamOf(CONFIG_MAPS, namespace, name)));
  const secret = (name: string | undefined): void => void (name && names.add(streamOf(SECRETS, namespace, name)));
  for (const volume of spec?.volumes ?? []) {
    configMap(volume.configMap?.name);
    secret(volume.secret?.secretName);
    for (const source of volume.projected?.sources ?? []) {
      configMap(source.configMap?.name);
      secret(source.secret?.name);
    }
  }
  for (const container of [
    ...(spec?.containers ?? []),
    ...(spec?.initContainers ?? []),
    ...(spec?.ephemeralContainers ?? []),
  ]) {
    for (const source of container.envFrom ?? []) {
      configMap(source.configMapRef?.name);
      secret(source.secretRef?.name);
    }
    for (const variable of container.env ?? []) {
      configMap(variable.valueFrom?.configMapKeyRef?.name);
      secret(variable.valueFrom?.secretKeyRef?.name);
    }
  }
  for (const reference of spec?.imagePullSecrets ?? []) secret(reference.name);
  if (spec?.runtimeClassName) names.add(streamOf(RUNTIME_CLASSES, undefined, spec.runtimeClassName));
  return [...names];
}

/** Which objects a node needs, and which of them a change touches. Derived from the view; can be thrown away. */
export class Assignments {
  /** Per node: the streams it needs, each with the number of pods that need it. */
  private readonly needed = new Map<string, Map<string, number>>();
  /** Per stream: the nodes that need it. */
  private readonly needers = new Map<string, Set<string>>();
  /** Of what all nodes need, until it changes. */
  private sharedDigest: string | undefined;
  /** Per pod stream: its node and what it was counted with. */
  private readonly counted = new Map<string, { readonly node: string; readonly streams: readonly string[] }>();
  private readonly places: NodePlaces;
  private readonly certificates: IngressCertificates;
  private readonly policies: PolicyNeeds;
  private readonly peers: PolicyPeers;

  /**
   * `onFault` receives the stream of a pod whose needs cannot be read: its node is given the pod alone; and that of a NetworkPolicy whose
   * peers are more than its namespace may have: the others are not let through.
   */
  constructor(
    private readonly view: View,
    private readonly onFault: (stream: string, cause: unknown) => void,
  ) {
    this.places = new NodePlaces(view);
    this.certificates = new IngressCertificates(view);
    this.policies = new PolicyNeeds(view);
    this.peers = new PolicyPeers(view);
    this.faultPeers();
    for (const pod of view.list(pods)) this.recount(streamOf(pods.id, pod.metadata.namespace, pod.metadata.name), pod);
  }

  /**
   * Everything the node needs now, without the parts that it holds as they are. What all nodes need is hashed once for all
   * of them.
   */
  of(
    node: string,
    held?: Digests,
  ): { readonly same: readonly AssignmentPart[]; readonly objects: readonly AssignedObject[] } {
    const own = this.ownOf(node);
    const isOwn = held?.own === assignmentDigest(own);
    const isShared = held?.shared === (this.sharedDigest ??= assignmentDigest(this.shared()));
    return {
      same: [...(isOwn ? (['own'] as const) : []), ...(isShared ? (['shared'] as const) : [])],
      objects: [...(isOwn ? [] : own), ...(isShared ? [] : this.shared())],
    };
  }

  private ownOf(node: string): readonly AssignedObject[] {
    const found: AssignedObject[] = [];
    const needed = this.needed.get(node);
    const streams = new Set([
      ...(needed?.keys() ?? []),
      ...this.policies.streamsOf(node),
      streamOf(NODES, undefined, node),
    ]);
    if (this.certificates.isServer(node)) for (const stream of this.certificates.streams()) streams.add(stream);
    for (const stream of [...streams].sort()) {
      const state = this.view.stream(stream);
      if (
        state?.object &&
        (needed?.has(stream) === true || !this.certificates.has(stream) || isCertificate(state.object))
      )
        found.push({ stream, uid: state.object.metadata.uid, position: state.position, object: state.object });
    }
    return found;
  }

  private shared(): readonly AssignedObject[] {
    const whole = SHARED.flatMap((id) =>
      this.view.list({ id }).map((object) => {
        const stream = streamOf(id, object.metadata.namespace, object.metadata.name);
        return { stream, uid: object.metadata.uid, position: this.view.stream(stream)?.position ?? 0, object };
      }),
    );
    return [...whole, ...this.places.all(), ...this.peers.all()];
  }

  /** Takes changes in and returns what has to be told: to all nodes, and to single ones. */
  take(changes: readonly Change[]): NewsForNodes {
    const shared = new Map<string, AssignedObject>();
    const told = new Map<string, Map<string, AssignedObject>>();
    const tell = (node: string, stream: string, object: KubeObject | null, uid: string, position: number): void => {
      let list = told.get(node);
      if (!list) told.set(node, (list = new Map()));
      list.set(stream, { stream, uid, position, object });
    };
    for (const change of changes) {
      const subject = (change.after ?? change.before) as KubeObject;
      const stream = streamOf(change.kind, subject.metadata.namespace, subject.metadata.name);
      const uid = subject.metadata.uid;
      this.takePeer(stream, change);
      if (change.kind === NETWORK_POLICIES) {
        this.policies.takePolicy(stream, change, tell);
        continue;
      }
      if (change.kind === pods.id) {
        this.takePod(stream, change, tell);
        continue;
      }
      if (SHARED.includes(change.kind)) {
        this.sharedDigest = undefined;
        shared.set(stream, { stream, uid, position: change.position, object: change.after ?? null });
        if (change.kind === INGRESSES) this.tellCertificates(this.certificates.recount(stream, change.after), tell);
        if (change.kind === INGRESS_CLASSES) this.tellCertificates(this.certificates.recountAll(), tell);
        continue;
      }
      if (change.kind === NODES) {
        const place = this.places.take(change);
        if (place) {
          this.sharedDigest = undefined;
          shared.set(place.stream, place);
        }
        tell(subject.metadata.name, stream, change.after ?? null, uid, change.position);
        continue;
      }
      if (!NEEDED_BY_PODS.has(change.kind)) continue;
      for (const node of this.nodesThatNeed(stream, change.after))
        tell(node, stream, change.after ?? null, uid, change.position);
    }
    for (const slice of this.peers.changes(changes.at(-1)?.position ?? 0)) {
      this.sharedDigest = undefined;
      shared.set(slice.stream, slice);
    }
    this.faultPeers();
    return { shared: [...shared.values()], own: new Map([...told].map(([node, list]) => [node, [...list.values()]])) };
  }

  private faultPeers(): void {
    for (const [stream, problem] of this.peers.refused()) this.onFault(stream, problem);
  }
  private takePeer(stream: string, change: Change): void {
    try {
      this.peers.take(change);
    } catch (cause) {
      this.onFault(stream, cause);
    }
  }
  /** Nodes whose pods need it, and of a certificate those that serve ingresses. */
  private nodesThatNeed(stream: string, object: KubeObject | undefined): ReadonlySet<string> {
    const needers = this.needers.get(stream) ?? new Set<string>();
    if (!this.certificates.has(stream) || (object && !isCertificate(object))) return needers;
    return new Set([...needers, ...this.certificates.servers()]);
  }
  private tellCertificates(streams: readonly string[], tell: Tell): void {
    for (const stream of streams) {
      const state = this.view.stream(stream);
      if (!state?.object || !isCertificate(state.object)) continue;
      for (const node of this.certificates.servers())
        tell(node, stream, state.object, state.object.metadata.uid, state.position);
    }
  }

  private takePod(stream: string, change: Change, tell: Tell): void {
    const nodeBefore = this.counted.get(stream)?.node;
    const fresh = this.recount(stream, change.after);
    const nodeAfter = this.counted.get(stream)?.node;
    if (
      nodeBefore &&
      (nodeBefore !== nodeAfter || !change.after || change.after.metadata.uid !== change.before?.metadata.uid)
    ) {
      if (change.before) tell(nodeBefore, stream, null, change.before.metadata.uid, change.position);
    }
    this.policies.takePod(change, tell);
    if (!nodeAfter || !change.after) return;
    // What the pod names comes before the pod, so that the agent can start it at once.
    for (const need of fresh) {
      if (need === stream) continue;
      const state = this.view.stream(need);
      if (state?.object) tell(nodeAfter, need, state.object, state.object.metadata.uid, state.position);
    }
    tell(nodeAfter, stream, change.after, change.after.metadata.uid, change.position);
  }

  /** Counts what a pod needs anew; returns the streams that its node did not need before. */
  private recount(stream: string, pod: KubeObject | undefined): readonly string[] {
    const node = (pod as Partial<Pod> | undefined)?.spec?.nodeName;
    const before = this.counted.get(stream);
    const streams = pod && node ? this.needsOf(stream, pod) : [];
    const fresh: string[] = [];
    if (node) {
      let needed = this.needed.get(node);
      if (!needed) this.needed.set(node, (needed = new Map()));
      for (const need of streams) {
        const count = needed.get(need) ?? 0;
        if (count === 0) {
          fresh.push(need);
          this.needers.set(need, (this.needers.get(need) ?? new Set()).add(node));
        }
        needed.set(need, count + 1);
      }
      this.counted.set(stream, { node, streams });
    } else {
      this.counted.delete(stream);
    }
    if (before) this.forget(before);
    return fresh;
  }

  private needsOf(stream: string, pod: KubeObject): readonly string[] {
    try {
      return needsOf(pod);
    } catch (cause) {
      this.onFault(stream, cause);
      return [stream];
    }
  }

  private forget(before: { readonly node: string; readonly streams: readonly string[] }): void {
    const needed = this.needed.get(before.node);
    if (!needed) return;
    for (const need of before.streams) {
      const count = (needed.get(need) ?? 1) - 1;
      if (count > 0) {
        needed.set(need, count);
        continue;
      }
      needed.delete(need);
      const needers = this.needers.get(need);
      needers?.delete(before.node);
      if (needers?.size === 0) this.needers.delete(need);
    }
    if (needed.size === 0) this.needed.delete(before.node);
  }
}

export interface NewsForNodes {
  readonly shared: readonly AssignedObject[];
  readonly own: ReadonlyMap<string, readonly AssignedObject[]>;
}
