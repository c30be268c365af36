import { FakeProber, FakeRuntime, MemoryPodVolumes, SeededIds, type MemoryBus, type MemoryBusHub, type VirtualClock } from '#adapters';
import { createAgent, type Agent } from '#engine';
import type { Prng } from '#std';

export interface SimulatedNodeParts {
  readonly hub: MemoryBusHub;
  readonly clock: VirtualClock;
  readonly chance: Prng;
  /** Whether the log says that this pod is to go. */
  readonly mayStop: (podUid: string) => boolean;
  readonly onViolation: (message: string) => void;
}

/** A node: an engine that outlives the agent, and one agent after another. */
export class SimulatedNode {
  readonly runtime: WatchedRuntime;
  private readonly volumes = new MemoryPodVolumes();
  private agent: Agent | undefined;
  private bus: MemoryBus | undefined;
  private lives = 0;
  private healed = false;

  constructor(
    readonly name: string,
    private readonly parts: SimulatedNodeParts,
  ) {
    this.runtime = new WatchedRuntime(name, parts, () => this.healed);
  }

  startAgent(): void {
    const { hub, clock, chance } = this.parts;
    this.bus = hub.connect(this.name);
    this.agent = createAgent({
      bus: this.bus,
      runtime: this.runtime,
      prober: new FakeProber(),
      volumes: this.volumes,
      clock,
      ids: new SeededIds(chance.below(2 ** 31) + this.lives++),
      node: {
        name: this.name,
        internalIp: '10.99.0.1',
        podCidr: '10.244.0.0/24',
        podsMax: 20,
        domain: 'cluster.local',
        clusterDns: [],
        hostsFile: '',
        resolvConf: '',
        ephemeralStorageBytes: 10 * 2 ** 30,
        seccompFolder: '/none',
      },
    });
    void this.agent.start();
  }

  /** SIGKILL of the agent; its containers run on. A new one starts after a while. */
  killAgent(backAfterMs: number): void {
    if (!this.agent) return;
    void this.agent.stop();
    void this.bus?.close();
    this.agent = undefined;
    this.parts.clock.at(this.parts.clock.now() + backAfterMs, () => this.startAgent());
  }

  /** The agent is cut off from the bus for a while. */
  loseBus(ms: number): void {
    const { bus } = this;
    if (!bus?.connected) return;
    bus.connected = false;
    this.parts.clock.at(this.parts.clock.now() + ms, () => {
      if (this.bus === bus) bus.connected = true;
    });
  }

  heal(): void {
    this.healed = true;
    if (this.bus && !this.bus.connected) this.bus.connected = true;
  }

  /** Uids of pods that have a running app container. */
  runningUids(): readonly string[] {
    const running = this.runtime.list().filter((container) => container.state === 'running' && container.labels.role === 'app');
    return [...new Set(running.map((container) => container.labels.uid))];
  }
}

/** The fake engine, with an eye on who stops what. */
class WatchedRuntime extends FakeRuntime {
  constructor(
    private readonly node: string,
    private readonly watched: SimulatedNodeParts,
    healed: () => boolean,
  ) {
    const { clock, chance } = watched;
    super({
      clock,
      takesMs: () => 5 + chance.below(300),
      fault: () => (!healed() && chance.chance(0.01) ? { message: 'the engine had a bad moment', lost: chance.chance(0.5) } : undefined),
      newsDelayMs: () => (!healed() && chance.chance(0.05) ? undefined : chance.below(50)),
      program: () => ({ stopsAfterMs: chance.below(3000) }),
      info: { cpus: 2, memoryBytes: 4 * 2 ** 30 },
    });
  }

  override signal(id: string, signal: string): Promise<void> {
    this.held(id, `sent ${signal} to`);
    return super.signal(id, signal);
  }
  override remove(id: string): Promise<void> {
    this.held(id, 'removed');
    return super.remove(id);
  }

  private held(id: string, did: string): void {
    const container = this.list().find((one) => one.id === id);
    if (container?.state !== 'running' || container.labels.role === 'infra') return;
    const { uid, container: name, pod } = container.labels;
    if (!this.watched.mayStop(uid)) this.watched.onViolation(`${this.node} ${did} ${name} of ${pod} (${uid}), which nobody deleted`);
  }
}
