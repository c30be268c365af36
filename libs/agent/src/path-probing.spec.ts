import { describe, expect, it } from '@jest/globals';
import { MemoryPaths, MemoryPodRouter, VirtualClock } from '#adapters';
import type { podNetwork } from '#loops';
import type { HostNetwork, PathStance, PodPath } from '#model';
import type { PathProber } from '#ports';
import { ASKED_MAX, PathProbing, TICK_MS } from './path-probing.js';
import { TestNode } from './test-node.js';

const HOST: HostNetwork = {
  addresses: [{ address: '10.0.0.1', bits: 24, device: 'eth0', mtu: 1500 }],
  routes: [{ cidr: '10.0.0.0/24', device: 'eth0', isIndirect: false }],
};
const OWN = '10.244.3.1';
const OVERLAY = 'pods of n2 are reached through the overlay: the direct way to 10.244.2.1 does not answer';

function place(name: string, address: string, podCIDR: string): Record<string, unknown> {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: `node-${name}` },
    spec: { podCIDR, podCIDRs: [podCIDR] },
    status: { addresses: [{ type: 'InternalIP', address }] },
  };
}

/** Node n1 beside n2, whose agent is played by hand. */
class Beside {
  readonly router = new MemoryPodRouter(HOST);
  readonly paths = new MemoryPaths();
  readonly node: TestNode;
  stance: PathStance | undefined = 'route';
  private readonly other = this.paths.prober();

  constructor(mode: podNetwork.PodNetworkMode = 'auto', prober: PathProber = this.paths.prober()) {
    const pods = { bridge: 'br-0123456789ab', cidr: '10.244.3.0/24' };
    const { router } = this;
    this.node = new TestNode({ podNetwork: pods, clusterCidr: '10.244.0.0/16', network: { mode, router, prober } });
    this.node.assign(place('n2', '10.0.0.2', '10.244.2.0/24'), 'node-places/_/n2', true);
  }
  async start(): Promise<this> {
    await this.other.open('10.244.2.1', { asked: () => this.stance, answered: () => undefined });
    await this.node.start();
    return this;
  }
  get path(): string {
    const { way, spare } = this.router.plans.at(-1)?.paths[0] ?? {};
    return `${way} ${spare ?? 'alone'}`;
  }
  get message(): string | undefined {
    const { conditions = [] } = (this.node.nodeReports.at(-1) ?? {}) as {
      readonly conditions?: readonly { readonly type: string; readonly message: string }[];
    };
    return conditions.find(({ type }) => type === 'NetworkUnavailable')?.message;
  }
}

describe('the ways to other nodes', () => {
  it('are routes from the start, and stay so while these answer', async () => {
    const beside = await new Beside().start();
    expect(beside.path).toBe('route alone');
    const { length } = beside.router.plans;
    await beside.node.run(25_000);
    expect([beside.path, beside.router.plans.length]).toEqual(['route alone', length]);
    expect(beside.message).toBe('pods of other nodes are reached by routes');
    const { questions } = beside.paths;
    expect(questions.every(({ from, to, way }) => from === OWN && to === '10.244.2.1' && way === 'route')).toBe(true);
    expect(questions.length).toBeLessThan(10);
  });
  it('become the overlay within five seconds where routes do not answer, and routes again after these do, as the node says', async () => {
    const beside = new Beside();
    beside.paths.passes = (_from, _to, way) => way === 'vxlan';
    await beside.start();
    await beside.node.run(5000);
    expect(beside.path).toBe('vxlan route');
    await beside.node.run(1000);
    expect(beside.message).toBe(OVERLAY);
    expect(beside.node.log).toContain(OVERLAY);
    await beside.node.run(60_000);
    expect(beside.path).toBe('vxlan route');
    beside.paths.passes = () => true;
    await beside.node.run(16_000);
    expect(beside.path).toBe('route vxlan');
    expect(beside.node.log).toContain('pods of n2 are reached by the direct way again: 10.244.2.1 answers');
    await beside.node.run(20_000);
    expect([beside.path, beside.message]).toEqual(['route alone', 'pods of other nodes are reached by routes']);
  });
  it('become the overlay within fifteen seconds when routes no longer answer', async () => {
    const beside = await new Beside().start();
    await beside.node.run(40_000);
    beside.paths.passes = (_from, _to, way) => way === 'vxlan';
    await beside.node.run(15_000);
    expect(beside.path).toBe('vxlan route');
  });
  it('stay as they are while the other node is dead, whatever they are', async () => {
    const beside = new Beside();
    for (const isDirect of [true, false]) {
      beside.paths.passes = (_from, _to, way) => isDirect || way === 'vxlan';
      if (isDirect) await beside.start();
      else beside.stance = 'route';
      await beside.node.run(30_000);
      const way = isDirect ? 'route' : 'vxlan';
      expect(beside.path.split(' ')[0]).toBe(way);
      beside.stance = undefined;
      await beside.node.run(300_000);
      expect(beside.path.split(' ')[0]).toBe(way);
      const before = beside.paths.questions.length;
      await beside.node.run(60_000);
      expect(beside.paths.questions.length - before).toBeLessThan(40);
    }
  });
  it('stay as they were made when the agent is started anew', async () => {
    const beside = new Beside();
    beside.paths.passes = (_from, _to, way) => way === 'vxlan';
    await beside.start();
    await beside.node.run(8000);
    expect(beside.path).toBe('vxlan route');
    const before = beside.router.plans.length;
    await beside.node.restartAgent();
    await beside.node.run(30_000);
    const later = beside.router.plans.slice(before).flatMap(({ paths }) => paths);
    expect(later.length).toBeGreaterThan(0);
    for (const { way, spare } of later) expect([way, spare]).toEqual(['vxlan', 'route']);
  });
  it('are not asked for where one way is all that may be used', async () => {
    for (const mode of ['vxlan', 'routes'] as const) {
      const beside = await new Beside(mode).start();
      await beside.node.run(10_000);
      expect(beside.paths.questions).toEqual([]);
      expect(beside.path).toBe(mode === 'vxlan' ? 'vxlan alone' : 'route alone');
    }
  });
  it('are routes where nobody can be asked, or where the overlay cannot be made', async () => {
    const deaf: PathProber = {
      open: () => Promise.reject(new Error('UDP ports 8473 and 8474 of 10.244.3.1 cannot be used: EADDRINUSE')),
      ask: () => undefined,
      forget: () => undefined,
      close: () => Promise.resolve(),
    };
    const mute = await new Beside('auto', deaf).start();
    await mute.node.run(100_000);
    expect([mute.path, mute.message]).toEqual(['route alone', 'pods of other nodes are reached by routes']);
    const said = mute.node.log.filter((line) => line.includes('EADDRINUSE'));
    expect(new Set(said)).toEqual(
      new Set([
        'nodes are not asked by which ways packets of pods pass: UDP ports 8473 and 8474 of 10.244.3.1 cannot be used: EADDRINUSE',
      ]),
    );

    const alone = new Beside();
    alone.router.failures = [{ node: 'n2', why: 'ip says: Error: Unknown device type.', isSpare: true }];
    alone.paths.passes = (_from, _to, way) => way === 'vxlan';
    await alone.start();
    await alone.node.run(60_000);
    expect(alone.path).toBe('route vxlan');
    expect(alone.paths.questions.some(({ way }) => way === 'vxlan')).toBe(false);
    expect(alone.message).toBe('pods of other nodes are reached by routes');
  });
});

describe('a look at many nodes', () => {
  const COUNT = 5000;
  const pathTo = (i: number): PodPath => ({
    node: `n${i}`,
    podCidr: `10.${64 + (i >> 8)}.${i & 255}.0/24`,
    address: `10.0.${i >> 8}.${i & 255}`,
    way: 'route',
    isProbed: true,
  });
  const many = Array.from({ length: COUNT }, (_, i) => pathTo(i));

  async function run(ms: number, clock: VirtualClock): Promise<void> {
    const until = clock.monotonic() + ms;
    do await Promise.resolve();
    while (clock.ringNext(until));
    clock.advanceTo(until);
  }

  it.each([
    ['all answer', 'route' as const],
    ['all are dead', undefined],
  ])('asks a bounded number, and each one in its turn: %s', async (_how, stance) => {
    const clock = new VirtualClock(0);
    const paths = new MemoryPaths();
    const probing = new PathProbing({ clock, prober: paths.prober(), onChange: () => undefined });
    if (stance)
      for (const { podCidr } of many)
        await paths.prober().open(podCidr.replace('0/24', '1'), { asked: () => stance, answered: () => undefined });
    await probing.follow('10.244.0.1', many);
    const looks = Math.ceil(COUNT / (ASKED_MAX - 5));
    const began = process.cpuUsage();
    let most = 0;
    for (let i = 0; i < looks; i++) {
      const before = paths.questions.length;
      await run(TICK_MS, clock);
      most = Math.max(most, paths.questions.length - before);
    }
    const { user, system } = process.cpuUsage(began);
    expect(most).toBeLessThanOrEqual(2 * ASKED_MAX);
    // Far above what it takes, about 0.1 ms.
    expect((user + system) / 1000 / looks).toBeLessThan(10);
    // Those that fail may be asked again before others have had their turn.
    await run(looks * TICK_MS, clock);
    const asked = new Set(paths.questions.map(({ to }) => to));
    expect(asked.size).toBe(COUNT);
    probing.stop();
    const { length } = paths.questions;
    await run(10_000, clock);
    expect(paths.questions.length).toBe(length);
  });
});
