import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { sessionChannels } from '#model';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { Backend, NodeStream } from './backend.js';
import { TestServer } from './testing/test-server.js';

type Chunk = { readonly channel: number; readonly data: Uint8Array };

/** A stream of a node that goes on until it is cancelled. */
class EndlessStream implements NodeStream {
  isCancelled = false;
  /** Writes that it has not taken yet: now, and the most at once. */
  pending = 0;
  most = 0;
  private writes: Promise<void> = Promise.resolve();
  private readonly over = Promise.withResolvers<void>();

  async *[Symbol.asyncIterator](): AsyncIterator<Chunk & Uint8Array> {
    await this.over.promise;
    yield* [];
  }
  /** One after the other, a millisecond each. */
  write(): Promise<void> {
    this.most = Math.max(this.most, ++this.pending);
    this.writes = this.writes.then(() => sleep(1)).then(() => void this.pending--);
    return this.writes;
  }
  end(): Promise<void> {
    return Promise.resolve();
  }
  cancel(): void {
    this.isCancelled = true;
    this.over.resolve();
  }
}

/** Looks for a second at most. */
async function soon(isIt: () => boolean): Promise<boolean> {
  for (let i = 0; i < 500 && !isIt(); i++) await sleep(20);
  return isIt();
}

describe('a client that goes away', () => {
  let server: TestServer;
  let stream: EndlessStream;
  let asked = Promise.withResolvers<void>();
  let opening = Promise.withResolvers<void>();
  const subscriptions = new Set<object>();

  beforeAll(async () => {
    server = await TestServer.start();
    const { backend } = server;
    const [fresh, watch] = [backend.fresh.bind(backend), backend.watch.bind(backend)];
    /** Somebody asks, and waits until the test lets it go on. */
    const slowly = async <T>(then: () => T): Promise<T> => {
      asked.resolve();
      await opening.promise;
      return then();
    };
    const open = (): Promise<EndlessStream> => slowly(() => stream);
    Object.assign(backend, {
      openLog: open,
      openSession: open,
      openPort: open,
      fresh: () => (isSlow ? slowly(fresh) : fresh()),
      watch: (...asked: Parameters<typeof watch>) => {
        const subscription = watch(...asked);
        if (!subscription) return undefined;
        subscriptions.add(subscription);
        return {
          cancel: () => {
            subscriptions.delete(subscription);
            subscription.cancel();
          },
        };
      },
    } satisfies Partial<Record<keyof Backend, unknown>>);
    await server.create('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
    await server.create('/api/v1/nodes', { metadata: { name: 'n1' } });
    await server.create('/api/v1/namespaces/default/pods', {
      metadata: { name: 'p' },
      spec: { nodeName: 'n1', containers: [{ name: 'main', image: 'busybox' }] },
    });
  });
  let isSlow = false;
  const begin = (): void => {
    stream = new EndlessStream();
    asked = Promise.withResolvers<void>();
    opening = Promise.withResolvers<void>();
  };
  afterEach(() => {
    isSlow = false;
    opening.resolve();
  });
  afterAll(() => server.stop());

  const POD = '/api/v1/namespaces/default/pods/p';
  async function leaveWhileItOpens(path: string, protocol?: string): Promise<void> {
    const { port } = server;
    if (protocol === undefined) {
      const call = request({ host: '127.0.0.1', port, path });
      call.on('error', () => undefined);
      call.end();
      await asked.promise;
      call.destroy();
    } else {
      const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, [protocol]);
      socket.on('error', () => undefined);
      await asked.promise;
      socket.terminate();
    }
    await sleep(100);
    opening.resolve();
  }

  it.each([
    ['a log', `${POD}/log?follow=true`, undefined],
    ['a log over a WebSocket', `${POD}/log?follow=true`, 'binary.k8s.io'],
    ['an exec', `${POD}/exec?command=sh&stdout=true`, 'v5.channel.k8s.io'],
    ['a forwarded port', `${POD}/portforward?ports=80`, 'v4.channel.k8s.io'],
  ])('%s, while the node is still being asked: the stream is cancelled', async (_what, path, protocol) => {
    begin();
    await leaveWhileItOpens(path, protocol);
    expect(await soon(() => stream.isCancelled)).toBe(true);
  });

  it('a watch, while the server still catches up: nothing stays subscribed', async () => {
    begin();
    isSlow = true;
    await leaveWhileItOpens('/api/v1/namespaces/default/configmaps?watch=true');
    await sleep(100);
    expect(subscriptions.size).toBe(0);
  });

  it('or that shakes hands wrongly gets an answer, and no stream is left open', async () => {
    begin();
    opening.resolve();
    const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-protocol': 'binary.k8s.io' };
    expect((await server.get(`${POD}/log?follow=true`, headers)).json).toMatchObject({ code: 400 });
    expect(stream.isCancelled || (await Promise.race([asked.promise, 'never asked'])) === 'never asked').toBe(true);
  });

  it('or that writes faster than the program reads is slowed down', async () => {
    begin();
    opening.resolve();
    const url = `ws://127.0.0.1:${server.port}${POD}/exec?command=cat&stdin=true`;
    const socket = new WebSocket(url, ['v5.channel.k8s.io']);
    await new Promise((resolve) => socket.on('open', resolve));
    for (let i = 0; i < 5_000; i++)
      socket.send(Buffer.concat([Buffer.from([sessionChannels.input]), Buffer.alloc(200)]));
    await sleep(1_000);
    expect(stream.most).toBeGreaterThan(0);
    expect(stream.most).toBeLessThan(3_000);
    socket.terminate();
  });
});
