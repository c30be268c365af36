import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sessionChannels, type ForwardRequest, type Refusal } from '#model';
import type { Socket } from 'node:net';
import { createWebSocketStream, WebSocket } from 'ws';
import type { NodeStream } from './backend.js';
import { SpdyTestClient } from './testing/spdy-client.js';
import { TestServer } from './testing/test-server.js';

type Chunk = { readonly channel: number; readonly data: Uint8Array };

/** A port that answers each piece of data with the same in capitals and closes after the first. */
class Shouter implements NodeStream {
  private readonly heard = Promise.withResolvers<Uint8Array>();
  async *[Symbol.asyncIterator](): AsyncIterator<Chunk> {
    const text = Buffer.from(await this.heard.promise).toString();
    yield { channel: sessionChannels.output, data: Buffer.from(text.toUpperCase()) };
  }
  write(data: Uint8Array, channel = 0): Promise<void> {
    if (channel === sessionChannels.input) this.heard.resolve(data);
    return Promise.resolve();
  }
  end(): Promise<void> {
    return Promise.resolve();
  }
  cancel(): void {
    this.heard.resolve(new Uint8Array());
  }
}

describe('port forwarding over a WebSocket', () => {
  let server: TestServer;
  let slow: NodeStream | undefined;
  beforeAll(async () => {
    server = await TestServer.start();
    Object.assign(server.backend, {
      openPort: (_node: string, { port }: ForwardRequest): Promise<NodeStream | Refusal> =>
        Promise.resolve(
          port === 80
            ? new Shouter()
            : port === 82 && slow
              ? slow
              : { refused: true, code: 500, reason: 'InternalError', message: `failed to connect to port ${port}` },
        ),
    });
    await server.create('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
    await server.create('/api/v1/nodes', { metadata: { name: 'n1' } });
    const containers = [{ name: 'main', image: 'busybox' }];
    await server.create('/api/v1/namespaces/default/pods', {
      metadata: { name: 'p' },
      spec: { nodeName: 'n1', containers },
    });
  });
  afterAll(() => server.stop());

  it('gives each port a channel for data and one for errors', async () => {
    const path = '/api/v1/namespaces/default/pods/p/portforward?ports=80,81';
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, ['v4.channel.k8s.io']);
    const messages: Buffer[] = [];
    socket.on('message', (data: Buffer) => messages.push(data));
    socket.on('open', () => socket.send(Buffer.from('\0hello')));
    await new Promise((resolve) => socket.on('close', resolve));
    const said = (channel: number): string[] =>
      messages.filter((one) => one[0] === channel).map((one) => one.subarray(1).toString('latin1'));
    expect(said(0)).toEqual(['\x50\0', 'HELLO']);
    expect(said(1)).toEqual(['\x50\0']);
    expect(said(2)).toEqual(['\x51\0']);
    expect(said(3)[0]).toBe('\x51\0');
    expect(said(3)[1]).toContain('failed to connect to port 81');
  });

  it('reads no more of a client without flow control than a pod takes', async () => {
    const taken: number[] = [];
    let isOpen = Promise.withResolvers<void>();
    slow = {
      async *[Symbol.asyncIterator](): AsyncIterator<Chunk> {
        await new Promise(() => undefined);
        yield* [];
      },
      write: async (data) => {
        await isOpen.promise;
        taken.push(data.length);
      },
      end: () => Promise.resolve(),
      cancel: () => undefined,
    };
    const path = '/api/v1/namespaces/default/pods/p/portforward';
    // This client's library takes no name with a slash: without one the tunnel is meant.
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`);
    await new Promise((resolve) => socket.on('open', resolve));
    const client = new SpdyTestClient(createWebSocketStream(socket));
    await client.open({ streamtype: 'error', port: '82', requestid: '0' });
    const data = await client.open({ streamtype: 'data', port: '82', requestid: '0' });
    const bytes = 64 * 1024 * 1024;
    for (let i = 0; i < 1024; i++) client.send(data, Buffer.alloc(bytes / 1024));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    // What neither the pod nor the server took has not left the client, but for what the network holds.
    const { bytesWritten } = (socket as unknown as { readonly _socket: Socket })._socket;
    expect(bytesWritten).toBeGreaterThan(1024);
    expect(bytesWritten).toBeLessThan(bytes / 4);
    isOpen.resolve();
    const sum = (): number => taken.reduce((all, one) => all + one, 0);
    for (let i = 0; i < 100 && sum() < bytes; i++) await new Promise((resolve) => setTimeout(resolve, 100));
    expect(sum()).toBe(bytes);
    socket.terminate();
    isOpen = Promise.withResolvers<void>();
  });

  it('refuses what is no port and what is no WebSocket', async () => {
    const path = '/api/v1/namespaces/default/pods/p/portforward';
    expect((await server.get(`${path}?ports=0`)).json).toMatchObject({ code: 400 });
    expect((await server.get(path)).json).toMatchObject({ code: 400, message: 'Upgrade request required' });
  });
});
