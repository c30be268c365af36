import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { sessionChannels, type Refusal, type SessionRequest } from '#model';
import { createHash, randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import type { NodeStream } from './backend.js';
import { TestServer } from './testing/test-server.js';

type Chunk = { readonly channel: number; readonly data: Uint8Array };
type Opened = NodeStream | Refusal;

/** A node whose program says what it is told to, then ends; it keeps what it was sent. */
class FakeStream implements NodeStream {
  readonly got: { readonly channel: number; readonly text: string }[] = [];
  cancelled: string | undefined;
  private readonly inputEnded = Promise.withResolvers<void>();

  constructor(
    private readonly says: readonly Chunk[],
    private readonly waitsForInput = false,
  ) {}

  async *[Symbol.asyncIterator](): AsyncIterator<Chunk> {
    if (this.waitsForInput) await this.inputEnded.promise;
    yield* this.says;
  }
  write(data: Uint8Array, channel = 0): Promise<void> {
    this.got.push({ channel, text: Buffer.from(data).toString() });
    if (channel === sessionChannels.inputEnd) this.inputEnded.resolve();
    return Promise.resolve();
  }
  end(): Promise<void> {
    return Promise.resolve();
  }
  cancel(reason?: string): void {
    this.cancelled = reason;
  }
}
/** Takes input for ever and hashes it. */
class CountingStream implements NodeStream {
  readonly hash = createHash('sha256');
  largest = 0;
  private length = 0;
  private wanted = Infinity;
  private readonly reached = Promise.withResolvers<void>();
  private readonly cancelled = Promise.withResolvers<void>();

  async *[Symbol.asyncIterator](): AsyncIterator<Chunk> {
    await this.cancelled.promise;
    yield* [];
  }
  write(data: Uint8Array): Promise<void> {
    this.hash.update(data);
    this.length += data.length;
    this.largest = Math.max(this.largest, data.length);
    if (this.length >= this.wanted) this.reached.resolve();
    return Promise.resolve();
  }
  until(bytes: number): Promise<void> {
    this.wanted = bytes;
    if (this.length >= bytes) this.reached.resolve();
    return this.reached.promise;
  }
  end(): Promise<void> {
    return Promise.resolve();
  }
  cancel(): void {
    this.cancelled.resolve();
  }
}
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const output = (text: string): Chunk => ({ channel: sessionChannels.output, data: bytes(text) });
const result = (value: object): Chunk => ({ channel: sessionChannels.result, data: bytes(JSON.stringify(value)) });

describe('exec over a WebSocket', () => {
  let server: TestServer;
  let opened: Opened = new FakeStream([]);
  const asked: { node: string; request: Omit<SessionRequest, 'stream'> }[] = [];
  const sockets: WebSocket[] = [];

  beforeAll(async () => {
    server = await TestServer.start();
    Object.assign(server.backend, {
      openSession: (node: string, request: Omit<SessionRequest, 'stream'>) => {
        asked.push({ node, request });
        return Promise.resolve(opened);
      },
    });
    await server.create('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
    await server.create('/api/v1/nodes', { metadata: { name: 'n1' } });
    const containers = [{ name: 'main', image: 'busybox' }];
    await server.create('/api/v1/namespaces/default/pods', {
      metadata: { name: 'p' },
      spec: { nodeName: 'n1', containers },
    });
  });
  afterEach(() => sockets.splice(0).forEach((socket) => socket.terminate()));
  afterAll(() => server.stop());

  const open = (query: string, protocols: string[]): WebSocket => {
    const url = `ws://127.0.0.1:${server.port}/api/v1/namespaces/default/pods/p/exec?${query}`;
    const socket = new WebSocket(url, protocols);
    sockets.push(socket);
    return socket;
  };
  /** Everything that the server sent until it closed. */
  const whole = (socket: WebSocket): Promise<{ code: number; messages: string[] }> =>
    new Promise((resolve, reject) => {
      const messages: string[] = [];
      socket.on('message', (data: Buffer) => messages.push(`${data[0]}:${data.subarray(1).toString()}`));
      socket.on('error', reject);
      socket.on('close', (code) => resolve({ code, messages }));
    });
  const RUN = 'command=echo&command=hi&stdout=true&stderr=true';

  it('passes command and container to the node of the pod, output and success to the client', async () => {
    opened = new FakeStream([output('hi\n'), result({ exitCode: 0 })]);
    const { code, messages } = await whole(open(RUN, ['v5.channel.k8s.io', 'v4.channel.k8s.io']));
    expect(asked.at(-1)).toMatchObject({
      node: 'n1',
      request: { container: 'main', command: ['echo', 'hi'], stdin: false },
    });
    expect(messages).toEqual(['1:hi\n', '3:{"metadata":{},"status":"Success"}']);
    expect(code).toBe(1000);
  });

  it('tells the exit code as clients look for it', async () => {
    opened = new FakeStream([result({ exitCode: 7 })]);
    const { messages } = await whole(open(RUN, ['v4.channel.k8s.io']));
    expect(JSON.parse(messages[0]?.slice(2) ?? '')).toMatchObject({
      status: 'Failure',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '7' }] },
    });
  });

  it('sends no status to a client of the first protocol when all went well', async () => {
    opened = new FakeStream([output('hi'), result({ exitCode: 0 })]);
    expect((await whole(open(RUN, ['channel.k8s.io']))).messages).toEqual(['1:hi']);
  });

  it('loses nothing that the client sends at once, and passes the end of its input on', async () => {
    const stream = new FakeStream([result({ exitCode: 0 })], true);
    opened = stream;
    const socket = open(`${RUN}&stdin=true`, ['v5.channel.k8s.io']);
    socket.on('open', () => {
      socket.send(Buffer.from('\0text'));
      socket.send(Buffer.from([4, ...bytes('{"Width":80,"Height":24}')]));
      socket.send(Buffer.from([255, 0]));
    });
    await whole(socket);
    expect(stream.got.map(({ channel }) => channel)).toEqual([0, 4, sessionChannels.inputEnd]);
    expect(stream.got[0]?.text).toBe('text');
  });

  it('takes the size of the terminal as every client spells it, and no nonsense', async () => {
    const stream = new FakeStream([result({ exitCode: 0 })], true);
    opened = stream;
    const socket = open(`${RUN}&stdin=true&tty=true`, ['v5.channel.k8s.io']);
    socket.on('open', () => {
      const sizes = ['{"Width":80,"Height":24}', '{"height":33,"width":99}', '{"width":"9"}', 'null', '{'];
      for (const size of sizes) socket.send(Buffer.from([4, ...bytes(size)]));
      socket.send(Buffer.from([255, 0]));
    });
    await whole(socket);
    expect(stream.got.map(({ text }) => text)).toEqual(['{"Width":80,"Height":24}', '{"Width":99,"Height":33}', '\0']);
  });

  it('says on the error channel why the node could not do it', async () => {
    opened = { refused: true, code: 500, reason: 'InternalError', message: 'container not found ("main")' };
    const { messages } = await whole(open(RUN, ['v5.channel.k8s.io']));
    expect(JSON.parse(messages[0]?.slice(2) ?? '')).toMatchObject({
      status: 'Failure',
      message: 'Internal error occurred: container not found ("main")',
    });
  });

  it('answers in HTTP what is wrong with the request itself', async () => {
    const refused = (socket: WebSocket): Promise<number | undefined> =>
      new Promise((resolve) => {
        socket.on('error', () => undefined);
        socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
      });
    expect(await refused(open(`${RUN}&container=other`, ['v5.channel.k8s.io']))).toBe(400);
    expect(await refused(open('stdout=true', ['v5.channel.k8s.io']))).toBe(400);
    expect(await refused(open(RUN, ['v9.channel.k8s.io']))).toBe(400);
    const plain = await server.get(`/api/v1/namespaces/default/pods/p/exec?${RUN}`);
    expect(plain.json).toMatchObject({ code: 400, message: 'Upgrade request required' });
  });

  it('reads the channel of every frame, continuation frames too', async () => {
    const stream = new FakeStream([result({ exitCode: 0 })], true);
    opened = stream;
    const socket = open('command=cat&stdin=true&stdout=true', ['v5.channel.k8s.io']);
    const done = whole(socket);
    await new Promise((resolve) => socket.once('open', resolve));
    for (const [i, text] of ['one ', 'two ', 'three'].entries())
      socket.send(Buffer.from(`\0${text}`), { fin: i === 2, binary: true });
    socket.send(Buffer.from([255, 0]));
    expect((await done).code).toBe(1000);
    const input = stream.got.filter(({ channel }) => channel === sessionChannels.input);
    expect(input.map(({ text }) => text).join('')).toBe('one two three');
  });

  it('takes 40 MB in one message of frames of 15 MiB, byte for byte', async () => {
    const stream = new CountingStream();
    opened = stream;
    const socket = open('command=tar&stdin=true&stdout=true', ['v4.channel.k8s.io']);
    await new Promise((resolve) => socket.once('open', resolve));
    const data = randomBytes(40_000_000);
    const frame = 15 * 1024 * 1024 - 1;
    for (let at = 0; at < data.length; at += frame) {
      const part = Buffer.concat([Buffer.from([0]), data.subarray(at, at + frame)]);
      socket.send(part, { fin: at + frame >= data.length, binary: true });
    }
    await stream.until(data.length);
    expect(stream.hash.digest('hex')).toBe(createHash('sha256').update(data).digest('hex'));
    expect(socket.readyState).toBe(WebSocket.OPEN);
    expect(stream.largest).toBeLessThanOrEqual(128 * 1024);
  });

  it('closes a connection whose frame is larger than Kubernetes takes', async () => {
    opened = new FakeStream([], true);
    const socket = open('command=tar&stdin=true&stdout=true', ['v4.channel.k8s.io']);
    const done = whole(socket);
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send(Buffer.alloc(32 * 1024 * 1024 + 1), () => undefined);
    expect((await done).code).toBe(1009);
  });
});
