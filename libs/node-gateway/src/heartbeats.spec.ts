import { describe, expect, it } from '@jest/globals';
import { MemoryBusHub, VirtualClock } from '#adapters';
import type { Change, KubeObject } from '#model';
import { RecordedOutside } from '#model';
import { Heartbeats, TICK_MS } from './heartbeats.js';

const START = Date.UTC(2026, 0, 1);
const lease = (renewTime: string, namespace = 'kube-node-lease'): KubeObject => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'n', namespace, uid: 'u' },
  spec: { renewTime },
});
const change = (before: KubeObject | undefined, after: KubeObject | undefined): Change => ({
  kind: 'coordination.k8s.io.leases',
  position: 1,
  before,
  after,
});

const heardOf = (heartbeats: Heartbeats, node: string): unknown =>
  new RecordedOutside(heartbeats.outside()).factOf('heartbeats', node);

describe('signs of life', () => {
  it('are renewals of a lease that a node without an agent of ours keeps itself', () => {
    const clock = new VirtualClock(START);
    const heartbeats = new Heartbeats(clock);
    const heard = (): unknown => heardOf(heartbeats, 'n');
    clock.advance(1000);
    heartbeats.observe([change(undefined, lease('1'))]);
    expect(heard()).toBe(START + 1000);
    clock.advance(1000);
    heartbeats.observe([change(lease('1'), lease('1')), change(lease('1'), undefined)]);
    expect(heard()).toBe(START + 1000);
    heartbeats.observe([change(lease('1'), lease('2'))]);
    expect(heard()).toBe(START + 2000);
  });
  it('are not expected while the process stands still, and silence begins anew when it goes on', () => {
    const clock = new VirtualClock(START);
    const heartbeats = new Heartbeats(clock);
    const heard = (): unknown => heardOf(heartbeats, 'n');
    heartbeats.note('n');
    for (let i = 0; i < 5; i++) {
      heartbeats.tick();
      clock.advance(TICK_MS);
    }
    expect(heard()).toBe(START);
    // Nothing runs for a while; a timer that rang meanwhile asks before what arrived is read.
    clock.advance(40_000);
    expect(heard()).toBe(clock.now());
    heartbeats.tick();
    clock.advance(TICK_MS);
    expect(heard()).toBe(clock.now() - TICK_MS);
  });
  it('are not expected while the bus is away, and silence begins anew when it is back', () => {
    const clock = new VirtualClock(START);
    const heartbeats = new Heartbeats(clock);
    heartbeats.connection(true);
    heartbeats.note('n');
    clock.advance(1000);
    heartbeats.connection(false);
    expect(heartbeats.outside()).toMatchObject({ busAway: true });
    clock.advance(59_000);
    heartbeats.connection(true);
    expect(heartbeats.outside()).toMatchObject({ observingSince: START + 60_000 });
    expect(heartbeats.outside()).not.toHaveProperty('busAway');
    expect(heardOf(heartbeats, 'n')).toBe(START + 60_000);
  });
  it('are not expected before the bus is there: a process may start while it is away', () => {
    const clock = new VirtualClock(START);
    const bus = new MemoryBusHub(clock).connect('health');
    bus.connected = false;
    const heartbeats = new Heartbeats(clock);
    bus.onConnection((connected) => heartbeats.connection(connected));
    clock.advance(59_000);
    expect(heartbeats.outside()).toMatchObject({ busAway: true });
    bus.connected = true;
    expect(heartbeats.outside()).toMatchObject({ observingSince: START + 59_000 });
    expect(heartbeats.outside()).not.toHaveProperty('busAway');
    expect(heardOf(heartbeats, 'n')).toBeUndefined();
  });
  it('are not the leases of others', () => {
    const heartbeats = new Heartbeats(new VirtualClock(START));
    heartbeats.observe([change(undefined, lease('1', 'kube-system'))]);
    expect(heardOf(heartbeats, 'n')).toBeUndefined();
  });
});
