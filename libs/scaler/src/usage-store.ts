import { nodes, pods } from '#kinds';
import type {
  Change,
  ContainerReading,
  MachineReading,
  NodeMetrics,
  NodeMetricsQuestion,
  NodeSample,
  PodMetrics,
  PodMetricsQuestion,
  PodReading,
  UsageHistory,
  UsageHistoryQuestion,
  View,
} from '#model';
import { hasEnded, type Pod } from '#pod';
import type { Clock } from '#ports';
import { NodeClock, type Placed } from './node-clock.js';
import { HISTORY_BYTES, Series, SERIES_BYTES, type Usage } from './series.js';
import { NOT_MEASURED } from './usage-history.js';

export interface UsageStoreOptions {
  readonly view: View;
  readonly clock: Clock;
  /** Memory for the figures of the past, in bytes. What does not fit has its newest figures only. */
  readonly bytesMax?: number;
}
export const STORE_BYTES_MAX = 96 * 1024 * 1024;
const POD_BYTES = 700;

/** Without a newer sample for so long, and for three intervals of its node, there is no figure. */
const FRESH_MS = 15_000;
const FRESH_INTERVALS = 3;
const INTERVAL_MAX_MS = 300_000;
const SECONDS_MAX = 120;
const STEP_MS = 15_000;
const STEPS_MAX = 60;

interface PodUsage {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly node: NodeUsage;
  readonly containers: Map<string, Series>;
  /** Containers of the newest sample; all of them need a figure. */
  running: readonly string[];
  /** When the newest sample that has it was taken. */
  at: number;
}
interface NodeUsage {
  readonly name: string;
  readonly clock: NodeClock;
  readonly machine: Series;
  readonly pods: Set<PodUsage>;
  at: number;
  /** Of its last sample; 0 before the first. */
  row: number;
  /** Between its samples, as it was last. */
  intervalMs: number;
}

/** What the containers of a pod use now. */
export interface PodLoad {
  readonly containers: readonly (Usage & { readonly name: string })[];
}

/**
 * What pods and nodes used in the last fifteen minutes, out of the samples of nodes. A node is heard only about itself and the pods that the
 * log binds to it. All instants are on the monotonic clock of this process until they are answered.
 */
export class UsageStore {
  private readonly pods = new Map<string, PodUsage>();
  private readonly byName = new Map<string, PodUsage>();
  private readonly nodes = new Map<string, NodeUsage>();
  private bytes = 0;

  constructor(private readonly options: UsageStoreOptions) {}

  /** Memory that figures take, by their count. */
  get bytesUsed(): number {
    return this.bytes;
  }

  /** Takes a sample that arrived from a node. False when nothing of it is news. */
  take(from: string, sample: NodeSample): boolean {
    const { clock } = this.options;
    if (sample.node !== from || !isTime(sample.ticksMs) || typeof sample.boot !== 'string') return false;
    if (!this.knowsNode(from)) return false;
    const node = this.nodeOf(from);
    const placed = node.clock.place(sample, clock.monotonic());
    if (!placed) return false;
    if (placed.row === node.row) node.intervalMs = Math.min(placed.at - node.at, INTERVAL_MAX_MS);
    node.at = placed.at;
    node.row = placed.row;
    const cpus = cpusOf(sample.machine);
    node.machine.put({ reading: sample.machine, life: lifeOf(sample.machine.startedAt), ...placed, cpus });
    for (const pod of sample.pods) this.takePod(node, pod, { ...placed, cpus });
    return true;
  }

  knowsNode(name: string): boolean {
    return this.nodes.has(name) || this.options.view.get(nodes, undefined, name) !== undefined;
  }
  /** Whether the log binds a pod to a node. */
  isOn(node: string, { uid, namespace, name }: Pick<PodReading, 'uid' | 'namespace' | 'name'>): boolean {
    const known = this.pods.get(uid);
    if (known) return known.node.name === node && known.name === name && known.namespace === namespace;
    const pod = this.options.view.get(pods, namespace, name);
    return pod?.metadata.uid === uid && pod.spec.nodeName === node && !hasEnded(pod);
  }

  private takePod(node: NodeUsage, reading: PodReading, placed: Placed & { readonly cpus: number }): void {
    const pod = this.podOf(node, reading);
    if (!pod) return;
    const running: string[] = [];
    for (const container of reading.containers) {
      const series = this.seriesOf(pod, container);
      if (!series || running.includes(container.name)) continue;
      const life = `${container.id} ${lifeOf(container.startedAt)}`;
      series.put({ reading: container, life, ...placed });
      running.push(container.name);
    }
    pod.running = running;
    pod.at = placed.at;
  }

  private nodeOf(name: string): NodeUsage {
    let node = this.nodes.get(name);
    if (node) return node;
    const machine = new Series();
    node = { name, machine, clock: new NodeClock(), pods: new Set(), at: 0, row: 0, intervalMs: 1000 };
    this.nodes.set(name, node);
    this.bytes += POD_BYTES + SERIES_BYTES;
    this.giveHistory(machine);
    return node;
  }
  /** The pod that a node speaks of, when the log has it there. */
  private podOf(node: NodeUsage, { uid, namespace, name }: PodReading): PodUsage | undefined {
    if (!this.isOn(node.name, { uid, namespace, name })) return undefined;
    const known = this.pods.get(uid);
    if (known) return known;
    const usage: PodUsage = { ...{ uid, namespace, name, node, running: [], at: 0 }, containers: new Map() };
    this.pods.set(uid, usage);
    this.byName.set(`${namespace}/${name}`, usage);
    node.pods.add(usage);
    this.bytes += POD_BYTES;
    return usage;
  }
  private seriesOf(pod: PodUsage, { name }: ContainerReading): Series | undefined {
    const known = pod.containers.get(name);
    if (known) return known;
    const object = this.options.view.get(pods, pod.namespace, pod.name);
    if (!object || !containersOf(object).some((one) => one.name === name)) return undefined;
    const series = new Series();
    pod.containers.set(name, series);
    this.bytes += SERIES_BYTES;
    this.giveHistory(series);
    return series;
  }
  private giveHistory(series: Series): void {
    const { bytesMax = STORE_BYTES_MAX } = this.options;
    if (this.bytes + HISTORY_BYTES > bytesMax) return;
    this.bytes += HISTORY_BYTES;
    series.keepHistory();
  }

  /** Forgets what is gone from the log. */
  notice(changes: readonly Change[]): void {
    for (const { kind, before, after } of changes) {
      if (!before) continue;
      const isGone = after?.metadata.uid !== before.metadata.uid;
      if (kind === pods.id && (isGone || hasEnded(after as Pod))) this.forgetPod(before.metadata.uid);
      if (kind === nodes.id && isGone) this.forgetNode(before.metadata.name);
    }
  }
  private forgetPod(uid: string): void {
    const pod = this.pods.get(uid);
    if (!pod) return;
    this.pods.delete(uid);
    this.byName.delete(`${pod.namespace}/${pod.name}`);
    pod.node.pods.delete(pod);
    this.bytes -= POD_BYTES;
    for (const series of pod.containers.values()) this.giveBack(series);
  }
  private forgetNode(name: string): void {
    const node = this.nodes.get(name);
    if (!node) return;
    for (const { uid } of [...node.pods]) this.forgetPod(uid);
    this.nodes.delete(name);
    this.bytes -= POD_BYTES;
    this.giveBack(node.machine);
  }
  private giveBack(series: Series): void {
    this.bytes -= SERIES_BYTES + (series.past ? HISTORY_BYTES : 0);
  }

  /** The load of a pod now, of each of its running containers; undefined where one has no whole interval, or it is an old one. */
  load(uid: string, notBefore = -Infinity): PodLoad | undefined {
    return this.usage(this.pods.get(uid), (series) => series.current(notBefore));
  }

  private usage(pod: PodUsage | undefined, of: (series: Series) => Usage | undefined): PodLoad | undefined {
    if (!pod || pod.running.length === 0 || !this.isFresh(pod.node, pod.at)) return undefined;
    const containers: (Usage & { name: string })[] = [];
    for (const name of pod.running) {
      const series = pod.containers.get(name);
      const usage = series && of(series);
      if (!usage) return undefined;
      containers.push({ ...usage, name });
    }
    return { containers };
  }
  private isFresh({ intervalMs }: NodeUsage, at: number): boolean {
    return this.options.clock.monotonic() - at <= FRESH_MS + FRESH_INTERVALS * intervalMs;
  }

  /** The wall clock's name for an instant of the monotonic clock. */
  wall(at: number): number {
    const { clock } = this.options;
    return Math.round(clock.now() - (clock.monotonic() - at));
  }

  /** Answers `query.scaler.pods`. */
  podMetrics({ namespace, name }: PodMetricsQuestion): readonly PodMetrics[] {
    const found =
      namespace !== undefined && name !== undefined ? [this.byName.get(`${namespace}/${name}`)] : this.pods.values();
    const figures: PodMetrics[] = [];
    for (const pod of found) {
      if (!pod || (namespace !== undefined && pod.namespace !== namespace) || (name !== undefined && pod.name !== name))
        continue;
      const load = this.usage(pod, (series) => series.average());
      const containers = load?.containers.flatMap(({ name: container, cpuNanoCores, memoryBytes }) =>
        memoryBytes === undefined ? [] : [{ name: container, cpuNanoCores: Math.round(cpuNanoCores), memoryBytes }],
      );
      if (!load || containers?.length !== load.containers.length) continue;
      figures.push({
        namespace: pod.namespace,
        name: pod.name,
        uid: pod.uid,
        ...this.interval(load.containers),
        containers,
      });
    }
    return figures;
  }
  private interval(usages: readonly Usage[]): { readonly at: number; readonly windowMs: number } {
    const at = Math.min(...usages.map((usage) => usage.at));
    return { at: this.wall(at), windowMs: Math.round(Math.max(...usages.map(({ windowMs }) => windowMs))) };
  }

  /** Answers `query.scaler.nodes`. */
  nodeMetrics({ name }: NodeMetricsQuestion): readonly NodeMetrics[] {
    const found = name === undefined ? this.nodes.values() : [this.nodes.get(name)];
    const figures: NodeMetrics[] = [];
    for (const node of found) {
      const usage = node && this.isFresh(node, node.at) ? node.machine.average() : undefined;
      if (!node || usage?.memoryBytes === undefined) continue;
      const { cpuNanoCores, memoryBytes } = usage;
      figures.push({
        ...{ name: node.name, ...this.interval([usage]) },
        ...{ cpuNanoCores: Math.round(cpuNanoCores), memoryBytes },
      });
    }
    return figures;
  }

  /** Answers `query.scaler.history`. */
  history({ of, namespace, sinceMs, everyMs = 1000 }: UsageHistoryQuestion): readonly UsageHistory[] {
    const isFine = everyMs < STEP_MS;
    const wanted = Math.ceil(sinceMs / (isFine ? 1000 : STEP_MS));
    const count = Math.min(Math.max(Number.isFinite(wanted) ? wanted : 1, 1), isFine ? SECONDS_MAX : STEPS_MAX);
    const rows =
      of === 'nodes'
        ? [...this.nodes.values()].map((node) => ({ name: node.name, series: [node.machine] }))
        : [...this.pods.values()]
            .filter((pod) => namespace === undefined || pod.namespace === namespace)
            .map((pod) => ({ namespace: pod.namespace, name: pod.name, series: [...pod.containers.values()] }));
    // The newest second that anything has, so that no row ends with what only has not arrived yet.
    let end = 0;
    for (const { series } of rows) for (const { past } of series) end = Math.max(end, past?.newest ?? 0);
    return rows.map(({ series, ...row }) => {
      const figures = (what: 0 | 1): readonly number[] =>
        summed(
          series.flatMap(({ past }) =>
            past ? [isFine ? past.seconds(what, end, count) : past.steps(what, end, count)] : [],
          ),
          count,
        );
      return { ...row, cpuNanoCores: figures(0), memoryBytes: figures(1) };
    });
  }
}

/** Sums of what was measured of each container. */
function summed(rows: readonly (readonly number[])[], count: number): readonly number[] {
  const sums = Array.from({ length: count }, () => NOT_MEASURED);
  for (const row of rows)
    row.forEach((value, i) => {
      if (value !== NOT_MEASURED) sums[i] = Math.max(sums[i] ?? 0, 0) + Math.round(value);
    });
  return sums;
}

function containersOf({ spec }: Pod): readonly { readonly name: string }[] {
  return [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])];
}
function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}
function lifeOf(startedAt: unknown): string {
  return String(startedAt);
}
function cpusOf({ cpus }: MachineReading): number {
  return Number.isFinite(cpus) ? Math.max(1, cpus) : 1;
}
