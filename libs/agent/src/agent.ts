import type { Pod } from '#pod';
import { nodes } from '#kinds';
import { kubelet } from '#loops';
import { streamOf, type KubeObject, type ReportAnswer } from '#model';
import type { BusSubscription, ContainerOwner, RuntimeChange, RuntimeContainer, RuntimeInfo } from '#ports';
import { PodAdmission } from './pod-admission.js';
import { Assigned, type News } from './assigned.js';
import { ClusterDns } from './cluster-dns.js';
import { NetworkPolicies } from './network-policies.js';
import { NodeIngress } from './node-ingress.js';
import { ControlPlaneClient } from './control-plane-client.js';
import { Fence } from './fence.js';
import { KnownObjects } from './known-objects.js';
import { messageOf } from './pod-files.js';
import { PodWorker, reasonOf } from './pod-worker.js';
import { LogSessions } from './log-sessions.js';
import { AgentStateFile } from './agent-state.js';
import { NodePreparation } from './node-preparation.js';
import { PodNetworking } from './pod-networking.js';
import { NodePressure, PRESSURE_LOOK_MS } from './node-pressure.js';
import { NodeReporter } from './node-reporter.js';
import { NodeShutdown, SHUTTING_DOWN } from './node-shutdown.js';
import { every, insist } from './repeat.js';
import { PullRecords } from './pull-records.js';
import { HEARTBEAT_MS, type AgentOptions } from './options.js';
import type { Agent } from './running-agent.js';
import { ServiceProxy } from './service-proxy.js';
import { serveSessions } from './session-server.js';
import { Reporter, type WorkerReport } from './reporter.js';
import { ExecSessions } from './exec-sessions.js';
import { nodeContextOf, type NodeContext } from './node-context.js';
import { removeStray } from './strays.js';
import { NodeDocuments } from './measuring/documents/node-documents.js';
import { NodeMeasurer } from './measuring/node-measurer.js';
import { Recurrences } from '#engine';

const SYNC_MS = 30_000;
const RELIST_MS = 30_000;
const NODE_STATUS_MS = 30_000;
const USAGE_MS = 10_000;

export function createAgent(options: AgentOptions): Agent {
  return new NodeAgent(options);
}

class NodeAgent implements Agent {
  private readonly boot: string;
  private readonly assigned: Assigned;
  private readonly workers = new Map<string, PodWorker>();
  private readonly reporter: Reporter;
  private readonly logs: LogSessions;
  private readonly sessions: ExecSessions;
  private readonly ends: (() => void)[] = [];
  private readonly subscriptions: BusSubscription[] = [];
  private readonly controlPlane: ControlPlaneClient;
  private readonly stateFile: AgentStateFile;
  private readonly fence: Fence;
  private readonly known: KnownObjects;
  private readonly pulls: PullRecords;
  private readonly proxy: ServiceProxy;
  private readonly dns: ClusterDns;
  private readonly admission: PodAdmission;
  private readonly shutdown: NodeShutdown;
  private readonly network: PodNetworking;
  private readonly measurer: NodeMeasurer;
  private readonly pressure: NodePressure;
  private readonly ingress: NodeIngress;
  private readonly policies: NetworkPolicies;
  private context: NodeContext | undefined;
  private nodeReporter: NodeReporter | undefined;
  private owner: ContainerOwner | undefined;
  private preparing: Promise<void> | undefined;
  private stopped = false;
  private isPrepared = false;
  private readonly preparation: NodePreparation;
  /** Assigned pods that a bug kept from being begun. */
  private readonly unstarted = new Map<string, Pod>();
  private readonly troubles = new Recurrences();
  /** Uids of the pods that the last look at the engine showed. */
  private found: ReadonlySet<string> = new Set();

  constructor(private readonly options: AgentOptions) {
    const node = (): KubeObject | undefined => this.ownNode();
    const owner = (): ContainerOwner | undefined => this.owner;
    const workers = (): Iterable<PodWorker> => this.workers.values();
    const isOmitted = (uid: string): boolean => this.assigned.isOmitted(uid);
    const tell = (): void => void this.nodeReporter?.check();
    const log = (line: string): void => this.log(line);
    this.boot = options.ids.uid();
    this.assigned = new Assigned(options.node.name, log);
    this.fence = new Fence({
      ...{ workers, isOmitted, node, log, clock: options.clock },
      uptimeMs: options.uptimeMs ?? (() => options.clock.monotonic()),
      bootId: options.node.bootId ?? '',
      sync: () => void this.controlPlane.sync(),
      save: () => this.stateFile.save(),
    });
    const { fence } = this;
    this.controlPlane = new ControlPlaneClient(options, this.boot, this.assigned, (news) => this.apply(news), fence);
    this.known = new KnownObjects(options, () => this.assigned.known());
    this.pulls = new PullRecords({
      ids: options.ids,
      save: () => this.stateFile.saveNow(),
      present: async () => new Set((await options.runtime.images()).map(({ id }) => id)),
    });
    this.preparation = new NodePreparation(options, {
      node,
      isSynced: () => this.assigned.isSynced,
      isStopped: () => this.stopped,
      conflict: () => this.network.conflict(),
      mtu: () => this.network.mtu(),
      onProblem: tell,
    });
    this.stateFile = new AgentStateFile(options, () => ({
      ...this.preparation.state(),
      pulls: this.pulls.state(),
      contact: this.fence.remembered,
      ...this.assigned.state(),
    }));
    this.logs = new LogSessions(options);
    this.sessions = new ExecSessions(options);
    this.reporter = new Reporter(options, this.boot, (uid, report, answer) => this.reportTaken(uid, report, answer));
    const { reporter } = this;
    const loadBalancerPool = (): string | undefined => this.assigned.loadBalancerPool;
    this.proxy = new ServiceProxy(options, this.assigned.objects, { owner, loadBalancerPool, reporter });
    this.dns = new ClusterDns(options, this.assigned, reporter);
    this.admission = new PodAdmission({
      ...{ workers, isOmitted, node, reporter },
      isShuttingDown: () => this.shutdown.hasBegun,
      pressures: () => this.pressure.now,
    });
    const isReported = (uid: string): boolean => reporter.isSettled(uid);
    this.shutdown = new NodeShutdown({ clock: options.clock, workers, tell, isReported, log });
    this.network = new PodNetworking(options, this.assigned, { owner, reporter, node, onChange: tell });
    this.ingress = new NodeIngress(options, this.assigned, reporter);
    this.measurer = new NodeMeasurer(options, this.boot, workers);
    this.pressure = new NodePressure(options, {
      ...{ node, reporter, onChange: tell },
      machine: () => this.measurer.machine(),
    });
    const isReady = (): boolean => this.hasBegun;
    this.policies = new NetworkPolicies(options, this.assigned, { owner, node, reporter, isReady });
    this.controlPlane.unready = () => this.unready;
    this.controlPlane.pressures = () => this.pressure.now;
  }

  async start(): Promise<void> {
    const { bus, node } = this.options;
    const info = await this.insist('the container engine', () => this.options.runtime.info());
    if (this.stopped || !info) return;
    this.context = this.nodeContext(info);
    this.nodeReporter = new NodeReporter(this.options, this.boot, info, {
      shown: () => this.ownNode(),
      refusal: () => this.unready,
      network: () => this.network.condition,
      ipv6: () => this.assigned.podCidrIpv6 && node.ipv6?.address,
      pressures: () => this.pressure.now,
    });
    this.controlPlane.onRefusal = () => void this.nodeReporter?.check();
    await this.restore();
    const { logs, sessions } = this;
    this.subscriptions.push(
      ...serveSessions({ bus, node: node.name, logs, sessions, pod: (at) => this.pod(at.namespace, at.pod, at.uid) }),
    );
    bus.onConnection((connected) => {
      if (!connected || this.stopped) return;
      this.reporter.connected();
      void this.controlPlane.sync();
    });
    this.subscriptions.push(...this.controlPlane.listen());
    this.pressure.look();
    void this.controlPlane.register(info);
    this.every(node.heartbeatMs ?? HEARTBEAT_MS, () => {
      this.fence.look();
      this.controlPlane.beat();
    });
    this.every(node.syncMs ?? SYNC_MS, () => void this.controlPlane.sync());
    this.ends.push(() => this.fence.stop());
    this.every(USAGE_MS, () => {
      for (const worker of this.workers.values()) void worker.checkUsage().catch(() => undefined);
    });
    this.every(NODE_STATUS_MS, () => void this.nodeReporter?.check());
    this.every(RELIST_MS, () => this.network.look());
    const { proxy, policies, ingress, dns } = this;
    const serve = () => Promise.all([proxy.check(), policies.check(), ingress.serve(), this.owner && dns.serve()]);
    this.every(RELIST_MS, () => void Promise.all([serve(), this.prepare()]));
    this.every(RELIST_MS, () => void this.relist().catch(() => undefined));
    this.every(PRESSURE_LOOK_MS, () => this.pressure.look());
    this.ends.push(this.measurer.start());
    this.subscriptions.push(new NodeDocuments(this.options, this.measurer, () => this.workers.values()).serve());
  }
  drain(): Promise<void> {
    return this.shutdown.run();
  }
  /** Why the node is not ready, undefined while it is. */
  private get unready(): string | undefined {
    if (this.shutdown.hasBegun) return SHUTTING_DOWN;
    return this.controlPlane.refusal ?? this.context?.overReserved ?? this.preparation.problem;
  }
  stop(): Promise<void> {
    this.stopped = true;
    for (const end of this.ends) end();
    for (const subscription of this.subscriptions) subscription.unsubscribe();
    for (const worker of this.workers.values()) worker.end();
    const { controlPlane, stateFile, known, proxy, network, policies, reporter, logs, sessions } = this;
    const served = Promise.all([proxy.stop(), this.dns.stop(), this.ingress.stop()]).then(() => undefined);
    for (const part of [controlPlane, stateFile, known, network, policies, reporter, logs, sessions]) part.stop();
    return served;
  }
  pod(namespace: string, name: string, uid?: string): PodWorker | undefined {
    return [...this.workers.values()].find(({ pod: { metadata } }) => {
      const isNamed = metadata.namespace === namespace && metadata.name === name;
      return isNamed && (!uid || metadata.uid === uid);
    });
  }

  private nodeContext(info: RuntimeInfo): NodeContext {
    const { reporter, pulls, policies } = this;
    return nodeContextOf(this.options, info, {
      ...{ reporter, pulls, policies, objects: this.assigned.objects },
      isStopped: () => this.stopped,
      isSynced: () => this.assigned.isSynced,
      nameServers: () => this.dns.addresses,
      ipv6: () => this.assigned.podCidrIpv6 && this.options.node.ipv6?.address,
      resizeRefusal: (pod) => this.context && this.admission.resizeRefusal(pod, this.context),
      finished: (uid) => this.forget(uid),
    });
  }

  private async restore(): Promise<void> {
    const state = await this.stateFile.load();
    if (!state) return;
    this.assigned.restore(state);
    this.pulls.restore(state.pulls);
    this.fence.restore(state.contact);
    this.preparation.restore(state);
    const known = this.assigned.restoreKnown(await this.known.load(state.cluster));
    for (const part of [this.dns, this.network, this.policies]) part.take(known);
    await this.prepare();
    for (const part of [this.proxy, this.ingress]) part.take(known);
    for (const { pod } of this.assigned.all()) this.tryToKeep(pod, true);
    await this.relist().catch((error: unknown) => this.log(`looking at what runs: ${messageOf(error)}`));
  }

  private async apply(news: News): Promise<void> {
    for (const part of [this.dns, this.network]) part.take(news.objects);
    await this.prepare();
    // Together with the pods below, and before them: no rules are made out of a part of this.
    for (const part of [this.proxy, this.ingress, this.policies]) part.take(news.objects);
    for (const uid of news.gone) this.unstarted.delete(uid);
    for (const pod of [...this.unstarted.values(), ...news.pods]) this.tryToKeep(pod, false);
    this.policies.settle();
    for (const uid of news.gone) this.end(uid);
    if (news.objects.length > 0)
      for (const worker of this.workers.values()) this.guarded(worker.pod, () => this.noteNeeds(worker, news.objects));
    if (news.pods.length > 0 || news.gone.length > 0) this.stateFile.save();
    if (news.objects.length > 0) this.known.save(this.assigned.cluster);
    if (news.objects.includes(streamOf(nodes.id, undefined, this.options.node.name))) void this.nodeReporter?.check();
  }

  private noteNeeds(worker: PodWorker, objects: readonly string[]): void {
    if (kubelet.needsAny(worker.pod, objects)) worker.needsChanged();
  }
  /** What cannot be kept now is tried again with the next news, which each sync brings. */
  private tryToKeep(pod: Pod, adopting: boolean): void {
    const { uid } = pod.metadata;
    this.unstarted.delete(uid);
    if (!this.guarded(pod, () => this.keep(pod, adopting))) this.unstarted.set(uid, pod);
  }
  /** A bug that one pod meets takes nothing from the others. Returns whether the work succeeded. */
  private guarded(pod: Pod, work: () => void): boolean {
    const { namespace = '', name, uid } = pod.metadata;
    try {
      work();
      this.troubles.clear(uid);
      return true;
    } catch (error) {
      this.options.onBug?.(error);
      if (this.troubles.add(uid)) this.log(`pod ${namespace}/${name}: ${reasonOf(error)}`);
      return false;
    }
  }
  private keep(pod: Pod, adopting: boolean): void {
    const { context, owner } = this;
    if (!context || !owner) return void this.unstarted.set(pod.metadata.uid, pod);
    const known = this.workers.get(pod.metadata.uid);
    if (known) return known.changed(pod);
    // It has ended and was forgotten while this news waited for the engine.
    if (!this.assigned.has(pod.metadata.uid)) return;
    const worker = new PodWorker(context, pod, owner, (found) => this.fence.found(found));
    if (!adopting) this.admission.admit(worker, context);
    this.workers.set(pod.metadata.uid, worker);
    if (adopting) return;
    // A pod that no node has begun has no containers; if one was made and its report lost, making it again finds it.
    if (!pod.status?.startTime && !this.found.has(pod.metadata.uid)) void worker.observe([]);
    else
      void worker
        .observeAll()
        .catch((error: unknown) => this.log(`looking at pod ${pod.metadata.name}: ${messageOf(error)}`));
  }
  private end(uid: string): void {
    const worker = this.workers.get(uid);
    if (worker) {
      worker.gone = true;
      worker.look();
    } else {
      void this.removeStray(uid).catch((error: unknown) => this.log(`removing a stray: ${messageOf(error)}`));
    }
  }
  private forget(uid: string): void {
    this.workers.delete(uid);
    this.assigned.forget(uid);
    this.reporter.forget(uid);
    this.policies.forget(uid);
    this.stateFile.save();
  }
  private reportTaken(uid: string, report: WorkerReport, answer: ReportAnswer): void {
    const worker = this.workers.get(uid);
    if (!worker || !answer.gone) return;
    if (report.finished) {
      worker.end();
      this.forget(uid);
    } else {
      // Not ours any more? Only an assignment can say that for sure.
      void this.controlPlane.sync();
    }
  }

  /** Once the cluster is known: the network and the infra image, and news of what the engine does. */
  private prepare(): Promise<void> {
    if (this.owner && this.preparation.isDone) return Promise.resolve();
    this.preparing ??= this.doPrepare().finally(() => {
      this.preparing = undefined;
    });
    return this.preparing;
  }
  private async doPrepare(): Promise<void> {
    const { runtime, node } = this.options;
    const owner = this.assigned.cluster === undefined ? undefined : { cluster: this.assigned.cluster, node: node.name };
    if (!owner || this.stopped) return;
    if (!(await this.preparation.prepare(owner))) return;
    await this.dns.serve();
    if (this.owner) return this.network.look();
    this.owner = owner;
    this.stateFile.save();
    this.network.look();
    this.ends.push(runtime.onChange(owner, (change) => void this.changed(change)));
    await this.insist('looking at what runs', () => this.relist());
    for (const pod of [...this.unstarted.values()]) this.tryToKeep(pod, false);
    this.isPrepared = true;
  }
  /** Of each pod that this node is to run is known what there is of it; a bug that keeps one from being begun does not count. */
  private get hasBegun(): boolean {
    if (!this.isPrepared || !(this.policies.isTold || this.assigned.isRestored)) return false;
    const isFound = (uid: string): boolean => this.workers.get(uid)?.isFound ?? this.unstarted.has(uid);
    return this.assigned.all().every(({ pod }) => isFound(pod.metadata.uid));
  }
  /** The Node object as the control plane last showed it. */
  private ownNode(): KubeObject | undefined {
    return this.assigned.objects.get(nodes, undefined, this.options.node.name);
  }
  private async changed({ podUid, containerId, what }: RuntimeChange): Promise<void> {
    if (podUid === '') return this.relist().catch(() => undefined);
    const worker = this.workers.get(podUid);
    if (!worker || this.stopped || worker.over) return;
    await worker.heard(containerId, what).catch(() => undefined);
  }
  /** Looks at everything: adopts what belongs to a pod, and remembers what belongs to none. */
  private async relist(): Promise<void> {
    if (!this.owner || this.stopped) return;
    const since = new Map([...this.workers].map(([uid, worker]) => [uid, worker.version]));
    const all = await this.options.runtime.containers(this.owner);
    const byPod = new Map<string, RuntimeContainer[]>();
    for (const container of all)
      byPod.set(container.labels.uid, [...(byPod.get(container.labels.uid) ?? []), container]);
    for (const [uid, worker] of this.workers)
      if (!worker.over && !worker.busy.has('cleanup') && since.has(uid))
        await worker.observe(byPod.get(uid) ?? [], since.get(uid));
    this.found = new Set(byPod.keys());
    const uids = new Set([...byPod.keys(), ...(await this.options.volumes.pods())]);
    for (const uid of uids) if (!this.workers.has(uid) && !this.assigned.has(uid)) this.assigned.foundStray(uid);
  }
  private async removeStray(uid: string): Promise<void> {
    if (!this.owner || this.workers.has(uid)) return;
    await removeStray(this.options, this.owner, uid);
    this.assigned.forgetStray(uid);
  }

  private every(ms: number, work: () => void): void {
    this.ends.push(every(this.options.clock, ms, work));
  }
  private insist<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    const isStopped = (): boolean => this.stopped;
    return insist({ clock: this.options.clock, isStopped, log: (line) => this.log(line) }, what, work);
  }
  private log(line: string): void {
    this.options.log?.(line);
  }
}
