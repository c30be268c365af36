import type { PodStatus } from '#pod';
import { FakeProber, FakeRuntime, MemoryBusHub, MemoryPodVolumes, VirtualClock } from '#adapters';
import type { FakeRuntimeOptions } from '#adapters';
import type {
  AssignedObject,
  IncidentReport,
  KubeObject,
  LogRequest,
  NodeReport,
  PodReport,
  RegisterRequest,
  StreamOpened,
  SyncRequest,
} from '#model';
import { assignmentDigest } from '#model';
import { hash128, type JsonObject } from '#std';
import type { Clock, NameServer, NodeMeter, PolicyDataplane, ProbeAnswer, ProbeTarget } from '#ports';
import { createAgent } from './agent.js';
import type { Agent } from './running-agent.js';
import type { IngressOptions, NodeOptions, PodNetworkOptions, ServiceProxyOptions } from './options.js';
import { decodeMessage, encodeMessage } from '#engine';

const CLUSTER = 'c1';

export interface GivenNetwork {
  readonly policies?: PolicyDataplane;
  readonly network?: PodNetworkOptions;
  /** What the control plane says of the network of all pods. */
  readonly clusterCidr?: string;
  readonly clusterCidrIpv6?: string;
  /** More of what the node is. */
  readonly node?: Partial<NodeOptions>;
}

/** A node in a test: the agent over a simulated engine, and a control plane that is played by hand. */
export class TestNode {
  readonly clock = new VirtualClock(Date.UTC(2026, 0, 1));
  readonly hub = new MemoryBusHub(this.clock);
  readonly health = this.hub.connect('health');
  readonly bus = this.hub.connect('agent');
  readonly runtime: FakeRuntime;
  readonly volumes = new MemoryPodVolumes();
  readonly reports: PodReport[] = [];
  /** Nodes as the agent registered them. */
  readonly registrations: KubeObject[] = [];
  readonly nodeReports: JsonObject[] = [];
  readonly incidents: IncidentReport[] = [];
  readonly log: string[] = [];
  probe: (target: ProbeTarget) => ProbeAnswer = () => ({ result: 'success', output: '' });
  cluster = CLUSTER;
  position = 10;
  sequence = 0;
  sharedSequence = 0;
  /** The control plane says nothing of the node's assignment. */
  isAway = false;
  /** False: reports are not answered as taken. */
  takes = true;
  /** Where the log takes reports; undefined: at its end. */
  takenAt: number | undefined;
  readonly objects = new Map<string, AssignedObject>();
  /** What the agent's questions for its assignment were answered with. */
  readonly syncs: ('same' | 'whole')[] = [];
  agent: Agent;
  /** Outlives the agent, as a kernel does. */
  private meter: NodeMeter | undefined;
  private boots = 0;
  private gathered: AssignedObject[] | undefined;

  constructor(
    private readonly given: Omit<FakeRuntimeOptions, 'clock'> & GivenNetwork = {},
    private readonly makeMeter?: (clock: Clock) => NodeMeter,
    private readonly services?: ServiceProxyOptions,
    private readonly nameServer?: NameServer,
    private readonly ingress?: IngressOptions,
  ) {
    this.runtime = new FakeRuntime({ clock: this.clock, takesMs: () => 5, ...given });
    this.agent = this.newAgent();
    const answer = (subject: string, respond: (message: unknown) => unknown): void => {
      this.health.subscribe(`report.n1.${subject}`, (data) => {
        const value = respond(decodeMessage(data));
        return value === undefined ? new Promise<undefined>(() => undefined) : encodeMessage(value);
      });
    };
    answer('register', (message) => {
      this.registrations.push((message as RegisterRequest).node);
      return { taken: true };
    });
    answer('sync', (message) => {
      if (this.isAway) return undefined;
      const objects = [...this.objects.values()];
      const shared = assignmentDigest(objects.filter(isShared));
      const own = assignmentDigest(objects.filter((object) => !isShared(object)));
      const { held } = message as SyncRequest;
      const same = [...(held?.own === own ? ['own'] : []), ...(held?.shared === shared ? ['shared'] : [])];
      this.syncs.push(same.length === 2 ? 'same' : 'whole');
      const { cluster, position, sequence, sharedSequence } = this;
      const left = objects.filter((object) => !same.includes(isShared(object) ? 'shared' : 'own'));
      const { clusterCidr: podCidr, clusterCidrIpv6: podCidrIpv6 } = this.given;
      const ranges = { ...(podCidr && { podCidr }), ...(podCidrIpv6 && { podCidrIpv6 }) };
      return { cluster, position, sequence, sharedSequence, same, objects: left, ...ranges };
    });
    answer('incident', (message) => {
      this.incidents.push(message as IncidentReport);
      return { taken: true };
    });
    answer('token', () => ({ token: 'a.b.c', expires: new Date(this.clock.now() + 3_600_000).toISOString() }));
    answer('node', (message) => {
      const { status } = message as NodeReport;
      this.nodeReports.push(status);
      const { object } = this.objects.get('core.nodes/_/n1') ?? {};
      if (object) this.assign({ ...object, status }, 'core.nodes/_/n1');
      return { taken: true };
    });
    answer('pod', (message) => {
      if (!this.takes) return { taken: false, reason: 'not now' };
      this.reports.push(message as PodReport);
      return { taken: true, position: this.takenAt ?? ++this.position };
    });
    this.assign(
      { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', uid: 'node-uid' }, spec: { podCIDR: '10.244.3.0/24' } },
      'core.nodes/_/n1',
      true,
    );
  }
  private newAgent(): Agent {
    const meter = (this.meter ??= this.makeMeter?.(this.clock));
    return createAgent({
      bus: this.bus,
      runtime: this.runtime,
      prober: new FakeProber((target) => this.probe(target)),
      volumes: this.volumes,
      ...(meter && { meter }),
      ...(this.services && { services: this.services }),
      ...(this.given.network && { network: this.given.network }),
      ...(this.given.policies && { policies: this.given.policies }),
      ...(this.nameServer && { nameServer: this.nameServer }),
      ...(this.ingress && { ingress: this.ingress }),
      processMetrics: () => Promise.resolve('process_cpu_seconds_total 1\n'),
      clock: this.clock,
      ids: { uid: () => `boot-${++this.boots}`, named: hash128 },
      node: {
        name: 'n1',
        internalIp: '10.0.0.1',
        podsMax: 110,
        domain: 'cluster.local',
        clusterDns: ['10.96.0.10'],
        hostsFile: '',
        resolvConf: '',
        ephemeralStorageBytes: 1e10,
        seccompFolder: '/seccomp',
        ...this.given.node,
      },
      log: (line) => this.log.push(line),
    });
  }

  async start(): Promise<void> {
    const started = this.agent.start();
    await this.run(200);
    await started;
  }
  /** The agent's process dies and comes back; the engine goes on. */
  async restartAgent(downMs = 1000): Promise<void> {
    await this.agent.stop();
    await this.run(downMs);
    this.agent = this.newAgent();
    await this.start();
  }
  async run(ms: number): Promise<void> {
    const until = this.clock.monotonic() + ms;
    do await new Promise((resolve) => setImmediate(resolve));
    while (this.clock.ringNext(until));
    this.clock.advanceTo(until);
    await new Promise((resolve) => setImmediate(resolve));
  }

  assign(object: KubeObject | Record<string, unknown>, stream = streamOf(object as KubeObject), quiet = false): void {
    const position = ++this.position;
    const given = object as KubeObject;
    const full = { ...given, metadata: { ...given.metadata, resourceVersion: String(position) } };
    this.hand({ stream, uid: full.metadata.uid, position, object: full }, quiet);
  }
  /** The pod's object is deleted for good. */
  delete(object: KubeObject | Record<string, unknown>, quiet = false, stream?: string): void {
    const full = object as KubeObject;
    this.hand(
      { stream: stream ?? streamOf(full), uid: full.metadata.uid, position: ++this.position, object: null },
      quiet,
    );
  }
  /** What the node alone is told by `work` comes in one message. */
  inOneMessage(work: () => void): void {
    const gathered: AssignedObject[] = [];
    this.gathered = gathered;
    work();
    this.gathered = undefined;
    this.publish(gathered, false);
  }
  private hand(assigned: AssignedObject, quiet: boolean): void {
    if (assigned.object) this.objects.set(assigned.stream, assigned);
    else this.objects.delete(assigned.stream);
    if (this.gathered) this.gathered.push(assigned);
    else if (!quiet) this.publish([assigned], isShared(assigned));
  }
  private publish(objects: readonly AssignedObject[], isForAll: boolean): void {
    const { cluster, position } = this;
    const change = isForAll
      ? { subject: 'shared.change', sequence: ++this.sharedSequence }
      : { subject: 'node.n1.change', sequence: ++this.sequence, sharedSequence: this.sharedSequence };
    const { subject, ...numbers } = change;
    this.health.publish(subject, encodeMessage({ cluster, position, ...numbers, objects }));
  }
  /** As the API server does when it takes a DELETE. */
  requestDeletion(pod: Record<string, unknown>, graceSeconds: number): void {
    const metadata = pod.metadata as Record<string, unknown>;
    this.assign({
      ...pod,
      metadata: {
        ...metadata,
        generation: 2,
        deletionTimestamp: new Date(this.clock.now() + graceSeconds * 1000).toISOString(),
        deletionGracePeriodSeconds: graceSeconds,
      },
    });
  }

  status(name: string): PodStatus {
    return (this.reports.filter((r) => r.name === name).at(-1)?.status ?? {}) as PodStatus;
  }
  condition(name: string, type: string): string | undefined {
    return this.status(name).conditions?.find((c) => c.type === type)?.status;
  }
  said(name: string, reason: string): readonly string[] {
    return this.incidents.filter((i) => i.object.name === name && i.reason === reason).map((i) => i.message);
  }
  running(name: string): readonly string[] {
    return this.runtime
      .list()
      .filter((c) => c.labels.pod === name && c.state === 'running')
      .map((c) => `${c.labels.container}/${c.labels.attempt}`)
      .sort();
  }
  async askForLog(request: Omit<LogRequest, 'stream'>, stream: string): Promise<StreamOpened> {
    const answer = this.health.request('node.n1.logs', encodeMessage({ ...request, stream }), 1000);
    await this.run(10);
    return decodeMessage(await answer) as unknown as StreamOpened;
  }
}

const isShared = ({ stream }: AssignedObject): boolean =>
  /^(core\.services|core\.namespaces|discovery\.k8s\.io\.endpointslices|networking\.k8s\.io\.ingress(es|classes)|node-places|policy-peers)\//.test(
    stream,
  );

const PLURALS: Readonly<Record<string, string>> = {
  Pod: 'core.pods',
  ConfigMap: 'core.configmaps',
  NetworkPolicy: 'networking.k8s.io.networkpolicies',
  PolicyPeers: 'policy-peers',
  RuntimeClass: 'node.k8s.io.runtimeclasses',
  Secret: 'core.secrets',
  Service: 'core.services',
  EndpointSlice: 'discovery.k8s.io.endpointslices',
  Ingress: 'networking.k8s.io.ingresses',
  IngressClass: 'networking.k8s.io.ingressclasses',
};
function streamOf(object: KubeObject): string {
  return `${PLURALS[object.kind] ?? object.kind}/${object.metadata.namespace ?? '_'}/${object.metadata.name}`;
}

export function testPod(
  name: string,
  spec: Record<string, unknown> = {},
  metadata: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: `uid-${name}`, generation: 1, ...metadata },
    spec: {
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      nodeName: 'n1',
      containers: [{ name: 'c', image: 'img:1', imagePullPolicy: 'IfNotPresent' }],
      ...spec,
    },
  };
}
