import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { uptime } from 'node:os';
import { join } from 'node:path';
import {
  DockerRuntime,
  HttpIngressServer,
  HttpServiceHealth,
  NftablesDataplane,
  NftablesPolicies,
  FilePodVolumes,
  KernelPodRouter,
  LateBus,
  NetworkProber,
  NodeFileTrees,
  NodeKernelFiles,
  ProcessMetrics,
  privateFolders,
  RandomIds,
  SocketNameServer,
  SystemClock,
  UdpPathProber,
  UserspaceDataplane,
} from '#adapters';
import type { Bus } from '#ports';
import { createAgent, KernelMeter, type Agent, type AgentOptions, type ServiceProxyOptions } from '#agent';
import { explain, say } from '#terminal';
import { apiRedirect, nodeOptions } from './host.js';
import { isDraining } from './stopping.js';
import { NodeCredentials } from './node-credentials.js';
import { connect } from './platform.js';
import { prepareHome } from './preconditions.js';
import type { Settings } from './settings.js';

/** Where Docker keeps images unless it was configured otherwise; where it is elsewhere, the disk of the pods' files is shown. */
const DOCKER_FOLDER = '/var/lib/docker';

/** The agent of one node. It holds nothing but its place on the bus and what runs on the node. */
@Injectable()
export class AgentHost implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private agent: Agent | undefined;

  private constructor(
    private readonly settings: Settings,
    readonly bus: Bus,
    private readonly streamBus: Bus,
    private readonly credentials: NodeCredentials,
  ) {}

  static open(settings: Settings): Promise<AgentHost> {
    prepareHome(settings.home);
    const credentials = new NodeCredentials({
      node: settings.node,
      given: settings.credentials ?? credentialsPath(settings),
      renewed: join(agentFolder(settings), 'renewed.json'),
      clock: new SystemClock(),
      onProblem: (problem) => say(`agent: ${problem}`),
    });
    // Pods are kept, and names answered, also when the control plane cannot be reached at the start.
    const bus = new LateBus((signal) => connect(credentials, `agent-${settings.node}`, signal));
    const streamBus = new LateBus((signal) => connect(credentials, `agent-${settings.node}-streams`, signal));
    bus.onConnection((connected) => connected && say(`agent: node ${settings.node} is on the bus`));
    return Promise.resolve(new AgentHost(settings, bus, streamBus, credentials));
  }

  async onApplicationBootstrap(): Promise<void> {
    const { settings, bus, streamBus } = this;
    const runtime = new DockerRuntime();
    const folder = agentFolder(settings);
    privateFolders(settings.home, 'agent', settings.node);
    const clock = new SystemClock();
    const processMetrics = new ProcessMetrics();
    this.agent = createAgent({
      bus,
      streamBus,
      runtime,
      prober: new NetworkProber(runtime),
      volumes: new FilePodVolumes({
        folder,
        memoryFolder: memoryFolder(settings),
        engineSees: (at, name) => runtime.sees(at, name),
      }),
      services: serviceProxy(settings),
      ...podNetwork(settings),
      policies: new NftablesPolicies(),
      meter: new KernelMeter({
        files: new NodeKernelFiles(),
        trees: new NodeFileTrees(),
        clock,
        places: { pods: folder, images: DOCKER_FOLDER },
      }),
      nameServer: new SocketNameServer({ clock, onBug: (cause) => say(`agent: DNS: ${explain(cause)}`) }),
      ...ingress(settings),
      processMetrics: () => processMetrics.text(),
      clock,
      ids: new RandomIds(),
      uptimeMs: () => uptime() * 1000,
      node: nodeOptions(settings),
      log: (line) => say(`agent: ${line}`),
    });
    await this.agent.start();
    this.credentials.keepFresh(bus);
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (await isDraining(this.settings)) await this.agent?.drain();
    this.credentials.stop();
    await this.agent?.stop();
    await this.streamBus.close();
    await this.bus.close();
  }
}

function podNetwork({ podNetwork: mode }: Settings): Pick<AgentOptions, 'network'> {
  return mode === 'off' ? {} : { network: { mode, router: new KernelPodRouter(), prober: new UdpPathProber() } };
}

function ingress({ ingressPorts: ports }: Settings): Pick<AgentOptions, 'ingress'> {
  return ports ? { ingress: { server: new HttpIngressServer((line) => say(`agent: ${line}`)), ports } } : {};
}

function serviceProxy(settings: Settings): ServiceProxyOptions {
  const log = (line: string): void => say(`agent: ${line}`);
  const all = [new NftablesDataplane({ log }), new UserspaceDataplane({ log })];
  const { proxyMode } = settings;
  return {
    dataplanes: all.filter(({ mode }) => proxyMode === undefined || mode === proxyMode),
    unused: all.filter(({ mode }) => proxyMode !== undefined && mode !== proxyMode),
    health: new HttpServiceHealth(),
    redirect: () => apiRedirect(settings),
  };
}

export function agentFolder({ home, node }: Settings): string {
  return join(home, 'agent', node);
}

/** Where standalone puts the credentials of the agent that it starts. */
export function credentialsPath(settings: Settings): string {
  return join(agentFolder(settings), 'credentials.json');
}

/** A folder in memory that two clusters on one machine do not share. */
export function memoryFolder({ home, node }: Settings): string {
  const mark = createHash('sha256').update(`${home} ${node}`).digest('hex').slice(0, 12);
  return join(existsSync('/dev/shm') ? '/dev/shm' : '/run', `shiplog-${mark}`);
}
