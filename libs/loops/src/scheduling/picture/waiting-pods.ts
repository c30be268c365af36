import type { Pod } from '#pod';
import { uuidOf, type Instant } from '#std';
import { priorityOf, type Shape } from '../shape.js';
import { Cures } from './cures.js';

/** A pod that has no node yet. */
export interface WaitingPod {
  readonly key: string;
  pod: Pod;
  /** Position of its creation. */
  readonly createdAt: number;
  queue: PodQueue | undefined;
}
/** Pods of one shape for which there was no place. They cost nothing until a change may have made one. */
export interface ParkedShape {
  readonly shape: Shape;
  readonly queue: PodQueue;
  /** When one of them was tried last. */
  triedAt: Instant;
  /** Tries in a row that a change led to and that failed all the same. */
  failures: number;
  restsUntil: Instant;
  isWoken: boolean;
  /** A pod of the shape was bound in this look: the change that led to it was worth a try. */
  isHelped: boolean;
}

const SCHEDULER = 'default-scheduler';
const REST_FIRST_MS = 1000;
const REST_MAX_MS = 10_000;
/** Shapes that rest at a time: what a decision says of them must stay small. Others are tried after each change. */
const RESTING_MAX = 256;
/** What fits nowhere is tried again after so long, even if nothing was heard that could have changed it. */
export const LEFT_MS = 300_000;

/** The log's order: higher priority first, then the pod whose creation has the lower position. */
function inOrder(a: WaitingPod, b: WaitingPod): number {
  const priority = priorityOf(b.pod) - priorityOf(a.pod);
  if (priority !== 0) return priority;
  if (a.createdAt !== b.createdAt) return a.createdAt - b.createdAt;
  return a.key < b.key ? -1 : 1;
}

/** Pods in the log's order. One that is removed is left out at the next sorting, and skipped until then. */
export class PodQueue {
  private list: WaitingPod[] = [];
  private isSorted = true;
  private removed = 0;

  get size(): number {
    return this.list.length - this.removed;
  }
  add(pod: WaitingPod): void {
    const last = this.list.at(-1);
    if (last !== undefined && inOrder(last, pod) > 0) this.isSorted = false;
    pod.queue = this;
    this.list.push(pod);
  }
  remove(pod: WaitingPod): void {
    pod.queue = undefined;
    this.removed++;
  }
  *[Symbol.iterator](): Iterator<WaitingPod> {
    if (!this.isSorted || this.removed > this.list.length >> 1) {
      this.list = this.list.filter(({ queue }) => queue === this);
      if (!this.isSorted) this.list.sort(inOrder);
      this.isSorted = true;
      this.removed = 0;
    }
    for (const pod of this.list) if (pod.queue === this) yield pod;
  }
}

/**
 * The pods that wait for a node: those to be tried, and those that are parked by their shape. Parking is no part of what is
 * decided: a parked pod would be found to fit nowhere. Only a shape that rests after futile tries might fit, and a
 * decision says which ones rested.
 */
export class WaitingPods {
  readonly cures = new Cures();
  private readonly known = new Map<string, WaitingPod>();
  private readonly active = new PodQueue();
  private readonly parked = new Map<string, ParkedShape>();
  private readonly nominated = new Set<WaitingPod>();
  private lastParked: WaitingPod[] = [];

  get size(): number {
    return this.known.size;
  }
  get hasParked(): boolean {
    return this.parked.size > 0;
  }

  put(key: string, pod: Pod | undefined, createdAt: () => number): void {
    const old = this.known.get(key);
    const next = pod && isWaiting(pod) ? pod : undefined;
    if (old === undefined && next === undefined) return;
    if (old && next && isAlike(old.pod, next)) {
      old.pod = next;
      return;
    }
    if (old) this.drop(old);
    if (!next) return;
    const waiting: WaitingPod = { key, pod: next, createdAt: createdAt(), queue: undefined };
    this.known.set(key, waiting);
    if (next.status?.nominatedNodeName) this.nominated.add(waiting);
    this.active.add(waiting);
  }
  private drop(old: WaitingPod): void {
    this.known.delete(old.key);
    if (this.nominated.delete(old)) this.cures.touch(old.pod.status?.nominatedNodeName ?? '');
    const { queue } = old;
    queue?.remove(old);
    if (queue && queue !== this.active && queue.size === 0)
      for (const [key, parked] of this.parked) if (parked.queue === queue) this.parked.delete(key);
  }
  /** Pods for which room is being made, in no order. */
  *nominations(): Iterable<Pod> {
    for (const { pod } of this.nominated) yield pod;
  }
  /** All waiting pods in the order in which they are tried, whether parked or not. */
  all(): readonly WaitingPod[] {
    return [...this.known.values()].sort(inOrder);
  }

  /** Wakes the parked shapes that the changes since the last call may help. */
  wake(mayHelp: (parked: ParkedShape) => boolean, now: Instant): void {
    if (this.parked.size > 0)
      for (const parked of this.parked.values()) {
        parked.isWoken ||= parked.triedAt + LEFT_MS <= now || mayHelp(parked);
      }
    this.cures.clear();
  }
  /** Not all that the last look said was taken: what it has parked, and whatever was put to sleep beside what it bound, is tried again. */
  unparkLast(): void {
    for (const parked of this.parked.values()) {
      parked.isWoken = true;
      parked.restsUntil = 0;
    }
    for (const pod of this.lastParked) {
      if (this.known.get(pod.key) !== pod) continue;
      this.drop(pod);
      this.put(pod.key, pod.pod, () => pod.createdAt);
    }
    this.lastParked = [];
  }

  /** The pods to try now, in order. The next of a parked shape comes only if the one before it is parked no more. */
  *toTry(now: Instant): Iterable<{ readonly waiting: WaitingPod; readonly parked: ParkedShape | undefined }> {
    this.lastParked = [];
    const sources = [{ pods: this.active[Symbol.iterator](), parked: undefined as ParkedShape | undefined }];
    for (const parked of this.parked.values())
      if (parked.isWoken && parked.restsUntil <= now) {
        parked.isHelped = false;
        // What this look parks is not tried in it again.
        sources.push({ pods: [...parked.queue][Symbol.iterator](), parked });
      }
    const heads = sources.map(({ pods }) => pods.next().value as WaitingPod | undefined);
    for (;;) {
      let first = -1;
      for (let i = 0; i < heads.length; i++) {
        const head = heads[i];
        const best = heads[first];
        if (head !== undefined && (best === undefined || inOrder(head, best) < 0)) first = i;
      }
      const waiting = heads[first];
      if (waiting === undefined) return;
      const { pods, parked } = sources[first] as (typeof sources)[number];
      yield { waiting, parked };
      heads[first] = parked && !parked.isWoken ? undefined : (pods.next().value as WaitingPod | undefined);
    }
  }

  /** There is no place for the pod. Where it makes one for itself by preemption, the next of its shape is tried, too. */
  park(
    waiting: WaitingPod,
    shape: Shape,
    { now, preempts }: { readonly now: Instant; readonly preempts: boolean },
  ): void {
    const parked = this.parked.get(shape.key);
    if (parked && waiting.queue === parked.queue) return preempts ? undefined : this.failed(parked, now);
    const at: ParkedShape = parked ?? {
      ...{ shape, queue: new PodQueue(), triedAt: now, failures: 0, restsUntil: 0, isWoken: false, isHelped: false },
    };
    this.parked.set(shape.key, at);
    waiting.queue?.remove(waiting);
    const next: WaitingPod = { ...waiting };
    this.known.set(next.key, next);
    if (this.nominated.delete(waiting)) this.nominated.add(next);
    at.queue.add(next);
    this.lastParked.push(next);
  }
  private failed(parked: ParkedShape, now: Instant): void {
    parked.isWoken = false;
    parked.triedAt = now;
    if (parked.isHelped) return;
    parked.failures++;
    const isRoom = this.resting(now).length < RESTING_MAX;
    parked.restsUntil = isRoom ? now + Math.min(REST_FIRST_MS * 2 ** (parked.failures - 1), REST_MAX_MS) : 0;
  }
  succeeded(parked: ParkedShape): void {
    parked.failures = 0;
    parked.isHelped = true;
  }

  isResting(shape: Shape, now: Instant): boolean {
    const parked = this.parked.get(shape.key);
    return parked !== undefined && parked.isWoken && parked.restsUntil > now;
  }
  /** Shapes that might fit and are not tried before their rest is over. */
  resting(now: Instant): readonly ParkedShape[] {
    return [...this.parked.values()].filter(({ isWoken, restsUntil }) => isWoken && restsUntil > now);
  }
}

/** A short name of a shape, for the facts of a decision. */
export function nameOf(shape: Shape): string {
  return uuidOf(shape.key).slice(0, 8);
}

function isWaiting({ metadata, spec, status }: Pod): boolean {
  if (spec.nodeName || metadata.deletionTimestamp !== undefined) return false;
  if ((spec.schedulerName ?? SCHEDULER) !== SCHEDULER || (spec.schedulingGates ?? []).length > 0) return false;
  return status?.phase === undefined || status.phase === 'Pending';
}
/** Nothing has changed that the place of a pod depends on. */
function isAlike(a: Pod, b: Pod): boolean {
  return (
    a.spec === b.spec &&
    a.metadata.labels === b.metadata.labels &&
    a.metadata.uid === b.metadata.uid &&
    a.status?.nominatedNodeName === b.status?.nominatedNodeName
  );
}
