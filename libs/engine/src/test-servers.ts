import {
  MemoryBusHub,
  MemoryEventLog,
  MemoryLogStore,
  VirtualClock,
  type MemoryBus,
  type MemoryLogFaults,
} from '#adapters';
import { accessPolicy, builtinAdmission, configMapKind, createRegistry, namespaceKind } from '#kinds';
import { serveCommands } from './bus-commands.js';
import { CommandGate } from './command-gate.js';
import { CommandRoute } from './command-route.js';
import type { ControlPlane } from './control-plane.js';
import { freshView } from './fresh-view.js';
import { testCreate, testPlane } from './testing.js';
import { WriterRole } from './writer-role.js';

export const CONFIG_MAPS = 'core.configmaps';
export const configMap = (name: string) => testCreate(CONFIG_MAPS, { metadata: { name, namespace: 'team' } });
export const streamOfMap = (name: string): string => `${CONFIG_MAPS}/team/${name}`;
const namespace = testCreate('core.namespaces', { metadata: { name: 'team' } });

const kinds = createRegistry([namespaceKind, configMapKind], builtinAdmission);
const authorizer = { ...accessPolicy, authorize: () => ({ allowed: true as const, reason: '' }) };

/** Everything that waits on nothing but turns of the process. */
export async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** What stands before the writer. Commands of others than the API wait until `ready`. */
export function gateBefore(
  writer: WriterRole,
  { reads }: ControlPlane,
  ready: Promise<void> = Promise.resolve(),
): CommandGate {
  const views = { view: () => reads.projection, fresh: () => freshView(reads) };
  return new CommandGate({ ...{ writer, kinds, authorizer, ready }, ...views, loops: { api: [], health: [] } });
}

/** One of several servers of the API, as its app wires it. */
export interface TestServer {
  readonly plane: ControlPlane;
  readonly bus: MemoryBus;
  readonly role: WriterRole;
  readonly gate: CommandGate;
  readonly route: CommandRoute;
  /** Whether it can read the log, and hears of what is new there. */
  reads(isSo: boolean): void;
  /** Whether it hears of what is new in the log, which it can read. */
  hears(isSo: boolean): void;
  /** SIGKILL. */
  kill(): void;
}

/** Servers of the API over one log, one bus and one clock, for specs. */
export class TestServers {
  readonly store = new MemoryLogStore();
  readonly clock = new VirtualClock(Date.UTC(2026, 0, 1));
  readonly hub = new MemoryBusHub(this.clock);
  private readonly all: TestServer[] = [];

  /** Starts one more: the first is the writer, and makes the namespace that objects of specs are in. */
  async start(faults: MemoryLogFaults = {}): Promise<TestServer> {
    const { store, clock, hub } = this;
    const name = `api-${this.all.length + 1}`;
    let isBlind = false;
    let isDeaf = false;
    let held: (() => void)[] = [];
    const log = new MemoryEventLog({
      ...{ store, shared: true },
      faults: { ...faults, read: () => (isBlind ? 'fail' : 'go-on') },
      deliver: (work) => setImmediate(() => (isDeaf ? held.push(work) : work())),
    });
    const plane = testPlane(log, kinds, { clock });
    await plane.start();
    const bus = hub.connect(name);
    const role = new WriterRole({ plane, bus, cluster: 'test', say: () => undefined });
    const gate = gateBefore(role, plane);
    role.listens(() => serveCommands(bus, (client, message) => role.take(client, message, gate)));
    const here = { role, gate };
    const route = new CommandRoute({ client: 'api', bus, reads: plane.reads, clock, untilShown: true, here });
    const hears = (isSo: boolean): void => {
      isDeaf = !isSo;
      for (const work of isSo ? held : []) work();
      if (isSo) held = [];
    };
    const setReads = (isSo: boolean): void => {
      isBlind = !isSo;
      hears(isSo);
    };
    const kill = (): void => {
      role.stop();
      log.kill();
      void bus.close();
    };
    const server = { plane, bus, role, gate, route, reads: setReads, hears, kill };
    this.all.push(server);
    await this.whileTimePasses(role.start());
    if (this.all.length === 1) await this.whileTimePasses(role.submit(namespace));
    return server;
  }

  /** Lets time pass in small steps. */
  async pass(ms: number): Promise<void> {
    for (const end = this.clock.monotonic() + ms; this.clock.monotonic() < end; this.clock.advance(50)) await turns();
    await turns();
  }
  /** Lets it pass until something has come to its end. */
  async whileTimePasses<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const over = (): void => void (isOver = true);
    work.then(over, over);
    for (let passed = 0; !isOver && passed < 120_000; passed += 50) {
      await turns();
      if (!isOver) this.clock.advance(50);
    }
    return work;
  }

  /** The terms in which events of a stream were appended. */
  termsOf(stream: string): readonly number[] {
    return this.store.stream(stream).map(({ metadata }) => metadata.epoch);
  }

  async stop(): Promise<void> {
    for (const { role, plane, bus } of this.all) {
      role.stop();
      await plane.stop();
      await bus.close();
    }
  }
}
