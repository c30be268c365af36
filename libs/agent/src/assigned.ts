import type { Pod } from '#pod';
import type { AssignedObject, AssignmentChange, AssignmentPart, AssignmentSync, Digests, KubeObject } from '#model';
import { endpointSlices, ingressClasses, ingresses, namespaces, pods, secrets, services } from '#kinds';
import { assignmentDigest, kindOfStream, NODE_PLACES, PEER_GROUPS, streamOf } from '#model';
import type { kubelet } from '#loops';

const PODS = pods.id;
/** What all nodes need alike. */
const SHARED: readonly string[] = [
  services.id,
  endpointSlices.id,
  namespaces.id,
  ingresses.id,
  ingressClasses.id,
  NODE_PLACES,
  PEER_GROUPS,
];

export interface AssignedPod {
  readonly pod: Pod;
  readonly stream: string;
  readonly position: number;
  /** Syncs, newer than the assignment, that did not have the pod. */
  readonly omitted: number;
}
export interface News {
  readonly pods: readonly Pod[];
  /** Uids that are deleted for sure: the only pods that may be stopped. */
  readonly gone: readonly string[];
  /** Streams of other objects that changed. */
  readonly objects: readonly string[];
}
export type SyncOutcome = { readonly refused: string } | News;

/** What of it outlives the agent. */
export interface AssignedState {
  readonly cluster: string;
  readonly position: number;
  readonly pods: readonly AssignedPod[];
  /** The networks of all pods of the cluster, of IPv4 and of IPv6. */
  readonly clusterCidr?: string | undefined;
  readonly clusterCidrIpv6?: string | undefined;
  readonly loadBalancerPool?: string | undefined;
}

/**
 * What the control plane wants this node to run. It believes nothing older than what it has seen, nothing of another
 * cluster, and takes a pod for gone only when told that its uid is deleted or when two newer syncs omit it.
 */
export class Assigned {
  cluster: string | undefined;
  position = 0;
  /** The network of all pods of the cluster; undefined until it is known. */
  podCidr: string | undefined;
  /** The same of IPv6; undefined: pods have addresses of IPv4 alone. */
  podCidrIpv6: string | undefined;
  /** Addresses of load balancers that nodes answer for. */
  loadBalancerPool: string | undefined;
  /** Numbers of the last changes that were taken, by part; undefined before the first sync. */
  private sequences: Readonly<Record<AssignmentPart, number>> | undefined;
  /** What all nodes need alike is known from before the agent started. */
  isRestored = false;
  private readonly pods = new Map<string, AssignedPod>();
  private readonly others = new Map<string, AssignedObject>();
  /** Containers that were found although nobody knows their pod. */
  private readonly strays = new Map<string, number>();

  constructor(
    private readonly node: string,
    private readonly log: (line: string) => void = () => undefined,
  ) {}

  restore(state: AssignedState): void {
    this.cluster = state.cluster;
    this.position = state.position;
    this.podCidr = state.clusterCidr;
    this.podCidrIpv6 = state.clusterCidrIpv6;
    this.loadBalancerPool = state.loadBalancerPool;
    for (const pod of state.pods) if (this.isOwn(pod.pod)) this.pods.set(pod.pod.metadata.uid, pod);
  }
  /** Takes what an earlier agent was told of; returns the streams of it. */
  restoreKnown(objects: readonly AssignedObject[]): readonly string[] {
    for (const object of objects) this.others.set(object.stream, object);
    this.isRestored = objects.some((object) => partOf(object) === 'shared');
    return objects.map(({ stream }) => stream);
  }
  /** What may be kept on a disk: everything but pods, which are kept by themselves, and Secrets. */
  *known(): Iterable<AssignedObject> {
    for (const one of this.others.values())
      if (one.object && kindOfStream(one.stream) !== secrets.id)
        yield { ...one, object: withoutManagedFields(one.object) };
  }
  state(): Omit<AssignedState, 'cluster'> & { readonly cluster: string | undefined } {
    return {
      clusterCidr: this.podCidr,
      clusterCidrIpv6: this.podCidrIpv6,
      loadBalancerPool: this.loadBalancerPool,
      cluster: this.cluster,
      position: this.position,
      pods: [...this.pods.values()].map(({ pod, ...rest }) => ({ ...rest, pod: withoutManagedFields(pod) })),
    };
  }
  all(): readonly AssignedPod[] {
    return [...this.pods.values()];
  }
  has(uid: string): boolean {
    return this.pods.has(uid);
  }
  /** The newest sync left it out: it is not ours any more, though it takes a second one to stop its containers. */
  isOmitted(uid: string): boolean {
    return (this.pods.get(uid)?.omitted ?? 0) > 0;
  }
  forget(uid: string): void {
    this.pods.delete(uid);
  }
  forgetStray(uid: string): void {
    this.strays.delete(uid);
  }
  foundStray(uid: string): void {
    if (!this.strays.has(uid)) this.strays.set(uid, 0);
  }

  /** Whether what all nodes need alike is known. */
  get knowsShared(): boolean {
    return this.isSynced || this.isRestored;
  }
  /** Newest state of an object that is no pod; undefined when it is gone or not for this node. */
  object(stream: string): KubeObject | undefined {
    return this.others.get(stream)?.object ?? undefined;
  }

  get isSynced(): boolean {
    return this.sequences !== undefined;
  }

  /** What this node holds of its assignment. */
  private held(): readonly AssignedObject[] {
    const pods = [...this.pods].map(([uid, { stream, position, pod }]) => ({ stream, uid, position, object: pod }));
    return [...pods, ...this.others.values()];
  }
  /** What the control plane compares with what this node is to hold. */
  digests(): Digests {
    const held = this.held();
    const digest = (part: AssignmentPart): string => assignmentDigest(held.filter((object) => partOf(object) === part));
    return { shared: digest('shared'), own: digest('own') };
  }

  /** Whether it is of another cluster than all that this node has: nothing of it will ever be taken. */
  isForeign(sync: Pick<AssignmentSync, 'cluster'>): boolean {
    return this.cluster !== undefined && sync.cluster !== this.cluster;
  }
  takeSync(sync: AssignmentSync): SyncOutcome {
    if (this.isForeign(sync))
      return { refused: `it is of cluster ${sync.cluster}, this node belongs to ${this.cluster}` };
    if (sync.position < this.position)
      return { refused: `it is at position ${sync.position}, this node has seen ${this.position}` };
    this.cluster = sync.cluster;
    this.sequences = { own: sync.sequence, shared: sync.sharedSequence };
    const set = [...sync.objects, ...this.held().filter((object) => sync.same.includes(partOf(object)))];
    const news = this.takeObjects(set);
    const named = new Set(set.map((o) => o.stream));
    const uids = new Set(set.map((o) => o.uid));
    const gone = [...news.gone, ...this.omittedPods(sync, uids)];
    const objects = [...news.objects];
    for (const [stream, known] of this.others) {
      if (named.has(stream) || known.position > sync.position) continue;
      this.others.delete(stream);
      objects.push(stream);
    }
    this.position = sync.position;
    this.podCidr = sync.podCidr ?? this.podCidr;
    this.podCidrIpv6 = sync.podCidrIpv6;
    this.loadBalancerPool = sync.loadBalancerPool;
    return { pods: news.pods, gone, objects };
  }
  private omittedPods(sync: AssignmentSync, uids: ReadonlySet<string>): readonly string[] {
    const gone: string[] = [];
    for (const [uid, known] of this.pods) {
      if (uids.has(uid) || sync.position <= known.position) continue;
      if (known.omitted + 1 >= 2) gone.push(uid);
      this.pods.set(uid, { ...known, omitted: known.omitted + 1 });
    }
    for (const [uid, omitted] of this.strays) {
      if (uids.has(uid)) this.strays.delete(uid);
      else if (omitted + 1 >= 2) gone.push(uid);
      if (this.strays.has(uid)) this.strays.set(uid, omitted + 1);
    }
    return gone;
  }

  /** Undefined when something is missing between what is known and this: a sync must be asked for. */
  takeChange(change: AssignmentChange, part: AssignmentPart): News | 'old' | undefined {
    const { sequences } = this;
    if (change.cluster !== this.cluster || sequences === undefined) return undefined;
    const { sequence, sharedSequence = sequences.shared } = change;
    if (sequence <= sequences[part]) return change.position > this.position ? undefined : 'old';
    if (sequence !== sequences[part] + 1 || sharedSequence > sequences.shared) return undefined;
    this.sequences = { ...sequences, [part]: sequence };
    const news = this.takeObjects(change.objects);
    this.position = Math.max(this.position, change.position);
    return news;
  }

  private takeObjects(objects: readonly AssignedObject[]): News {
    const pods: Pod[] = [];
    const gone: string[] = [];
    const changed: string[] = [];
    for (const assigned of objects) {
      if (kindOfStream(assigned.stream) === PODS) this.takePod(assigned, pods, gone);
      else if (this.takeOther(assigned)) changed.push(assigned.stream);
    }
    return { pods, gone, objects: changed };
  }
  private takePod(assigned: AssignedObject, pods: Pod[], gone: string[]): void {
    const known = this.pods.get(assigned.uid);
    if (known && known.position > assigned.position) return;
    if (assigned.object === null) {
      if (known || this.strays.has(assigned.uid)) gone.push(assigned.uid);
      return;
    }
    const pod = assigned.object as Pod;
    if (!this.isOwn(pod) || pod.metadata.uid !== assigned.uid) {
      this.log(
        `pod ${assigned.stream} is refused: it is bound to ${pod.spec.nodeName ?? 'no node'}, not to ${this.node}`,
      );
      return;
    }
    // Another uid under the same name: the one before must have been deleted, names are given once at a time.
    for (const [uid, other] of this.pods)
      if (other.stream === assigned.stream && uid !== assigned.uid && other.position < assigned.position)
        gone.push(uid);
    this.strays.delete(assigned.uid);
    this.pods.set(assigned.uid, {
      pod,
      stream: assigned.stream,
      position: assigned.position,
      omitted: 0,
    });
    if (!known || known.position < assigned.position) pods.push(pod);
  }
  /** A mistake or a forgery on the other side must not run a pod in two places. */
  private isOwn(pod: Pod): boolean {
    return pod.spec.nodeName === this.node;
  }
  private takeOther(assigned: AssignedObject): boolean {
    const known = this.others.get(assigned.stream);
    if (known && known.position >= assigned.position) return false;
    if (assigned.object === null) this.others.delete(assigned.stream);
    else this.others.set(assigned.stream, assigned);
    return true;
  }

  readonly objects: kubelet.Objects = {
    get: (kind, namespace, name) => this.others.get(streamOf(kind.id, namespace, name))?.object ?? undefined,
    list: (kind, namespace) => {
      const prefix = streamOf(kind.id, namespace, '');
      return [...this.others.values()].filter((o) => o.stream.startsWith(prefix)).map((o) => o.object as KubeObject);
    },
  };
}

function partOf({ stream }: Pick<AssignedObject, 'stream'>): AssignmentPart {
  return SHARED.includes(kindOfStream(stream)) ? 'shared' : 'own';
}

/** Who owns which field is no business of a node, and is half of many objects. */
function withoutManagedFields<T extends KubeObject>(object: T): T {
  const { managedFields: _managedFields, ...metadata } = object.metadata;
  return { ...object, metadata };
}
