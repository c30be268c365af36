import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  MemoryEventLog,
  NatsAuthority,
  NatsBus,
  openFileKeys,
  startNatsServer,
  SystemClock,
  type NatsServer,
  type StoredKeys,
} from '#adapters';
import { busRules } from '#engine';
import type { StoredEvent } from '#model';
import { FeedHost, type Platform } from '#nest';
import type { Bus } from '#ports';
import { toEventTime } from '#std';

const EVERYTHING = { publish: ['>'], subscribe: ['>'], inbox: 'inbox.test' };

describe('the feed on a real server', () => {
  let home = '';
  let keys: StoredKeys;
  let authority: NatsAuthority;
  let server: NatsServer;
  const log = new MemoryEventLog();
  const clients: NatsBus[] = [];
  let appended = 0;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'shiplog-feed-'));
    keys = await openFileKeys(home);
    authority = await NatsAuthority.open(keys.store);
    server = await start();
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await server.stop();
    rmSync(home, { recursive: true });
  });

  const start = (): Promise<NatsServer> => startNatsServer({ home, keys, authority });
  const connect = async (name: string): Promise<NatsBus> => {
    const user = await authority.issueUser(name, EVERYTHING);
    const place = { url: server.url, ca: keys.caCertificate, ...user };
    const client = await NatsBus.connect(place, { name, rules: busRules });
    clients.push(client);
    return client;
  };
  /** Appends so many events; the positions of the memory log are counted from 1. */
  async function append(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const revision = appended++ - 1;
      const metadata = { epoch: 1, actor: 'test', via: 'test', correlationId: 'test', schemaVersion: 1 };
      const event = {
        id: `event-${revision}`,
        type: 'SpecChanged',
        time: toEventTime(0),
        data: { uid: 'u' },
        metadata,
      };
      await log.append('core.configmaps/default/a', event, revision);
    }
  }
  async function until(isSo: () => boolean): Promise<void> {
    for (let i = 0; i < 200 && !isSo(); i++) await sleep(50);
  }
  /**
   * The bus as the feed sees it, but that it hears of a connection only once the listener is connected too: what is published
   * while nobody listens is lost by the bus's own rules.
   */
  const after = (bus: NatsBus, listener: NatsBus): Bus => {
    let isListening = false;
    let waiting: (() => void)[] = [];
    listener.onConnection((connected) => {
      isListening = connected;
      if (connected) for (const go of waiting.splice(0)) setTimeout(go, 300);
    });
    return {
      publish: (subject, data) => bus.publish(subject, data),
      flush: () => bus.flush(),
      request: (subject, data, timeoutMs) => bus.request(subject, data, timeoutMs),
      subscribe: (subject, handler, queue) => bus.subscribe(subject, handler, queue),
      close: () => bus.close(),
      onConnection: (told) =>
        bus.onConnection((connected) => {
          waiting = [];
          if (!connected || isListening) told(connected);
          else waiting.push(() => told(true));
        }),
    };
  };

  it('skips nothing that happens while the bus is away, and notes only what the bus has confirmed', async () => {
    const [feeding, listening] = [await connect('feed'), await connect('listener')];
    const heard = new Set<number>();
    listening.subscribe('events.>', (data) => {
      heard.add((JSON.parse(new TextDecoder().decode(data)) as StoredEvent).position);
    });
    await listening.request('nobody', new Uint8Array(), 1000).catch(() => undefined);
    const bus = after(feeding, listening);
    const platform = { settings: { home }, plane: { options: { log, clock: new SystemClock() } }, bus };
    const feed = new FeedHost(platform as unknown as Platform);
    const noted = (): number => Number(readFileSync(join(home, 'feed', 'position'), 'utf8'));
    await feed.onApplicationBootstrap();
    await append(50);
    await until(() => heard.size === 50);
    await sleep(1_200);
    expect(noted()).toBe(50);

    await server.stop();
    await append(50);
    await sleep(1_500);
    expect(noted()).toBe(50);
    server = await start();
    await append(5);
    await until(() => heard.size === 105);
    expect([...heard]).toEqual(Array.from({ length: 105 }, (_, i) => i + 1));
    await feed.beforeApplicationShutdown();
    expect(noted()).toBe(105);
  });
});
