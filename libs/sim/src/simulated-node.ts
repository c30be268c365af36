import {
  FakeProber,
  FakeRuntime,
  MemoryPodVolumes,
  SeededIds,
  type MemoryBus,
  type FakeProgram,
  type MemoryBusHub,
  type VirtualClock,
} from '#adapters';
import { createAgent, type Agent } from '#agent';
import { subjects } from '#engine';
import type { Bus, Clock, ProbeAnswer, RuntimeContainer } from '#ports';
import type { Prng } from '#std';
import type { SimulatedMeter } from './load/simulated-meter.js';
import { NodeClock } from './node-clock.js';
import { JOB_IMAGE } from './wishes.js';

/** Worlds are rough: messages come seconds late, and processes stand still for as long. */
const HEARTBEAT_MS = 10_000;

export interface SimulatedNodeParts {
  /** Milliseconds between two heartbeats of the agent. */
  readonly heartbeatMs?: number | undefined;
  readonly hub: MemoryBusHub;
  readonly clock: VirtualClock;
  readonly chance: Prng;
  /** Whether the log says that this pod is to go. */
  readonly mayStop: (podUid: string) => boolean;
  readonly onViolation: (message: string) => void;
  readonly onBug: (cause: unknown) => void;
  /** What it measures; nothing where undefined. */
  readonly metering?: { readonly meter: (node: string) => SimulatedMeter; readonly everyMs: number };
}

/** A node: an engine that outlives the agent, and one agent after another. */
export class SimulatedNode {
  readonly runtime: WatchedRuntime;
  private readonly meter: SimulatedMeter | undefined;
  private readonly clock: NodeClock;
  private volumes = new MemoryPodVolumes();
  private agent: Agent | undefined;
  private bus: MemoryBus | undefined;
  private lives = 0;
  private boots = 0;
  private healed = false;

  constructor(
    readonly name: string,
    private readonly parts: SimulatedNodeParts,
  ) {
    this.meter = parts.metering?.meter(name);
    this.clock = new NodeClock(parts.clock);
    this.runtime = new WatchedRuntime(name, { ...parts, clock: this.clock }, () => this.healed);
  }

  /** Its agent runs and has the bus. */
  get isUp(): boolean {
    return this.agent !== undefined && this.bus?.connected === true;
  }

  startAgent(): void {
    const { hub, chance, metering } = this.parts;
    const { clock } = this;
    const bus = (this.bus = hub.connect(this.name));
    this.agent = createAgent({
      bus: this.meter ? withFrames(bus, this.meter) : bus,
      ...(this.meter && { meter: this.meter }),
      runtime: this.runtime,
      prober: new FakeProber(() => this.probed()),
      volumes: this.volumes,
      clock,
      ids: new SeededIds(chance.below(2 ** 31) + this.lives++),
      onBug: this.parts.onBug,
      node: {
        name: this.name,
        bootId: `boot-${this.boots}`,
        internalIp: '10.99.0.1',
        podsMax: 20,
        domain: 'cluster.local',
        clusterDns: [],
        hostsFile: '',
        resolvConf: '',
        ephemeralStorageBytes: 10 * 2 ** 30,
        seccompFolder: '/none',
        heartbeatMs: this.parts.heartbeatMs ?? HEARTBEAT_MS,
        ...(metering && { metricsIntervalMs: metering.everyMs }),
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
    this.parts.clock.after(backAfterMs, () => this.startAgent());
  }

  /** The machine has no power for a while: nothing runs. When it is back it is cut off from the bus for as long as is said. */
  powerOff(ms: number, cutOffMs: number): void {
    if (!this.agent) return;
    this.killAgent(ms);
    this.boots++;
    this.runtime.powerLoss();
    this.parts.clock.after(ms, () => this.loseBus(cutOffMs));
  }
  /** The agent is cut off from the bus for a while. */
  loseBus(ms: number): void {
    const { bus } = this;
    if (!bus?.connected) return;
    bus.connected = false;
    this.parts.clock.after(ms, () => {
      if (this.bus === bus) bus.connected = true;
    });
  }

  /** One of the running programs ends by itself. */
  crashSome(): void {
    const { chance } = this.parts;
    const running = this.runningApps();
    if (running.length > 0) this.runtime.crash(chance.pick(running).id, chance.pick([0, 1, 137]));
  }
  /** The engine tells nobody of what changes. */
  loseNews(ms: number): void {
    this.runtime.silentUntil = this.parts.clock.monotonic() + ms;
  }
  /** The engine's store is lost: its containers are gone, and it tells nobody. */
  loseContainers(): void {
    this.runtime.loseAll();
  }
  /** The node is set up anew: neither its agent nor its engine knows anything. */
  setUpAnew(): void {
    this.killAgent(1000);
    this.volumes = new MemoryPodVolumes();
    this.runtime.loseAll();
  }
  /** The engine refuses everything; its containers run on. */
  loseEngine(ms: number): void {
    this.runtime.awayUntil = this.parts.clock.monotonic() + ms;
  }

  /** Somebody sets its wall clock so many milliseconds ahead of all others. */
  setClock(aheadMs: number): void {
    this.clock.set(aheadMs);
  }

  heal(): void {
    this.healed = true;
    this.setClock(0);
    this.runtime.silentUntil = this.runtime.awayUntil = 0;
    if (this.bus && !this.bus.connected) this.bus.connected = true;
  }

  /** Uids of pods that have a running app container. */
  runningUids(): readonly string[] {
    return [...new Set(this.runningApps().map((container) => container.labels.uid))];
  }

  /** Containers that do the work of pods. */
  runningApps(): readonly RuntimeContainer[] {
    return this.runtime.list().filter((container) => container.state === 'running' && container.labels.role === 'app');
  }
  private probed(): ProbeAnswer {
    return !this.healed && this.parts.chance.chance(0.1)
      ? { result: 'failure', output: 'not now' }
      : { result: 'success', output: '' };
  }
}

/** The bus as a node has it that may send other bytes than its agent made of what it measured. */
function withFrames(bus: MemoryBus, meter: SimulatedMeter): Bus {
  return {
    publish: (subject, data) =>
      bus.publish(subject, subject === subjects.measurements(bus.name) ? meter.frame(data) : data),
    flush: () => bus.flush(),
    request: (subject, data, timeoutMs) => bus.request(subject, data, timeoutMs),
    subscribe: (subject, handler, queue) => bus.subscribe(subject, handler, queue),
    onConnection: (listener) => bus.onConnection(listener),
    close: () => bus.close(),
  };
}

/** The fake engine, with an eye on who stops what. */
class WatchedRuntime extends FakeRuntime {
  silentUntil = 0;
  awayUntil = 0;

  constructor(
    private readonly node: string,
    private readonly watched: Pick<SimulatedNodeParts, 'chance' | 'mayStop' | 'onViolation'> & {
      readonly clock: Clock;
    },
    healed: () => boolean,
  ) {
    const { clock, chance } = watched;
    super({
      clock,
      takesMs: () => 5 + chance.below(300),
      fault: () => {
        if (clock.monotonic() < this.awayUntil) return { message: 'the engine is away', reason: 'unavailable' };
        return !healed() && chance.chance(0.01)
          ? { message: 'the engine had a bad moment', lost: chance.chance(0.5) }
          : undefined;
      },
      newsDelayMs: () =>
        clock.monotonic() < this.silentUntil || (!healed() && chance.chance(0.05)) ? undefined : chance.below(50),
      program: ({ image }) => programOf(image, chance),
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
    // Without the container that held the pod's network when they were made the others have to start anew.
    const holdsNetwork = (one: RuntimeContainer): boolean =>
      one.labels.role === 'infra' && one.state === 'running' && one.createdAt <= container.createdAt;
    if (!this.list().some((one) => one.labels.uid === uid && holdsNetwork(one))) return;
    if (!this.watched.mayStop(uid))
      this.watched.onViolation(`${this.node} ${did} ${name} of ${pod} (${uid}), which nobody deleted`);
  }
}

/** Jobs end by themselves, sometimes badly; everything else runs until it is told to stop. */
function programOf(image: string, chance: Prng): FakeProgram {
  const stopsAfterMs = chance.below(3000);
  return image === JOB_IMAGE
    ? { stopsAfterMs, runsForMs: chance.below(20_000), exitCode: chance.pick([0, 0, 1]) }
    : { stopsAfterMs };
}
