import { describe, expect, it } from '@jest/globals';
import { NotConnected, type Bus } from '#ports';
import { VirtualClock } from '../clock/index.js';
import { LateBus } from './late-bus.js';
import { MemoryBusHub } from './memory-bus.js';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (words: string): Uint8Array => new TextEncoder().encode(words);

/** A bus that is reached when a test says so. */
function late(): {
  readonly bus: LateBus;
  readonly hub: MemoryBusHub;
  readonly clock: VirtualClock;
  reach(): Promise<void>;
} {
  const clock = new VirtualClock(0);
  const hub = new MemoryBusHub(clock);
  const { promise, resolve } = Promise.withResolvers<Bus>();
  const bus = new LateBus(() => promise);
  const reach = async (): Promise<void> => {
    resolve(hub.connect('late'));
    await new Promise((done) => setImmediate(done));
  };
  return { bus, hub, clock, reach };
}

describe('a bus that is not reached yet', () => {
  it('behaves like one that was lost', async () => {
    const { bus } = late();
    bus.publish('a', bytes('lost'));
    await expect(bus.flush()).rejects.toThrow(NotConnected);
    await expect(bus.request('a', bytes('q'), 10)).rejects.toThrow(
      'a: no answer within 10 ms, as there was no connection',
    );
    const heard: boolean[] = [];
    bus.onConnection((connected) => heard.push(connected));
    expect(heard).toEqual([]);
    await bus.close();
  });
  it('serves what was subscribed to before, and nothing that was taken back, once it is', async () => {
    const { bus, hub, clock, reach } = late();
    const heard: unknown[] = [];
    bus.subscribe('a', (data) => void heard.push(text(data)));
    bus.subscribe('b', (data) => void heard.push(text(data))).unsubscribe();
    bus.onConnection((connected) => heard.push(connected));
    await reach();
    const other = hub.connect('other');
    for (const subject of ['a', 'b']) other.publish(subject, bytes(subject));
    clock.advance(10);
    expect(heard).toEqual([true, 'a']);
  });
  it('sends a request that waited for it', async () => {
    const { bus, hub, clock, reach } = late();
    const other = hub.connect('other');
    other.subscribe('q', () => Promise.resolve(bytes('answer')));
    const answer = bus.request('q', bytes('?'), 10_000);
    await reach();
    for (let i = 0; i < 5; i++) {
      clock.advance(1);
      await new Promise((done) => setImmediate(done));
    }
    expect(text(await answer)).toBe('answer');
  });
  it('is closed when it is reached too late', async () => {
    const { bus, hub, reach } = late();
    await bus.close();
    await reach();
    expect(() => hub.connect('late')).not.toThrow();
  });
});
