import { isRefusal, sessionChannels, type SessionRequest, type SessionResult } from '#model';
import type { JsonObject } from '#std';
import type { Backend, NodeStream } from './backend.js';
import { internalError, type Call } from './call.js';
import { answers, statusOf, type HttpRefusal } from './status.js';
import { parseTerminalSize } from './terminal-size.js';
import { acceptWebSocket, offeredWebSocket } from './websocket.js';
import { ChannelReader } from './websocket/channel-reader.js';
import type { ServerSocket } from './websocket/server-socket.js';

const PLAIN = 'channel.k8s.io';
const BASE64 = 'base64.channel.k8s.io';
const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v4.base64.channel.k8s.io', PLAIN, BASE64];
/** In v5: the channel that the next byte names gets nothing more. */
const CLOSE_SIGNAL = 255;

export interface SessionPlace {
  readonly node: string;
  readonly container: string;
  readonly uid: string;
}

/** Serves `pods/<name>/exec` and `/attach` over a WebSocket until the program ends or the client goes. */
export async function podSession(
  backend: Backend,
  call: Call,
  at: {
    readonly sub: 'exec' | 'attach';
    readonly namespace: string;
    readonly pod: string;
    readonly place: SessionPlace;
  },
): Promise<HttpRefusal | undefined> {
  const { query } = call;
  const { node, container, uid } = at.place;
  const command = query.all('command');
  const wanted = {
    stdin: query.flag('stdin'),
    stdout: query.flag('stdout'),
    stderr: query.flag('stderr'),
    tty: query.flag('tty'),
  };
  if (at.sub === 'exec' && command.length === 0)
    return answers.badRequest('you must specify at least 1 command for the container');
  if (!wanted.stdin && !wanted.stdout && !wanted.stderr)
    return answers.badRequest('you must specify at least 1 of stdin, stdout, stderr');
  const offer = offeredWebSocket(call, PROTOCOLS);
  if ('refused' in offer) return offer;
  const { socket, protocol } = await acceptWebSocket(offer);
  const client = new SessionClient(socket, protocol);
  const request: Omit<SessionRequest, 'stream'> = {
    namespace: at.namespace,
    pod: at.pod,
    uid,
    container,
    ...(at.sub === 'exec' && { command }),
    ...wanted,
  };
  const stream = await backend.openSession?.(node, request);
  if (!stream) await client.finish({ problem: `node ${node} cannot be reached` }, command);
  else if (isRefusal(stream)) await client.finish({ problem: stream.message }, command);
  else await client.join(stream, command);
  return undefined;
}

interface Part {
  readonly channel: number;
  readonly data: Buffer;
  readonly isEnd: boolean;
}
const SIZE_LENGTH_MAX = 1024;

/** One client's WebSocket: a byte for the channel, then the data. */
class SessionClient {
  private readonly isBase64: boolean;
  /** Since v4 the last message is a Status; before, it is a text, and only when something went wrong. */
  private readonly endsWithStatus: boolean;
  /** Parts that the program has not taken yet. */
  private unread = 0;
  /** What came of a terminal's size so far. */
  private size = '';

  constructor(
    private readonly socket: ServerSocket,
    protocol: string,
  ) {
    this.isBase64 = protocol.includes('base64');
    this.endsWithStatus = /^v[45]\./.test(protocol);
  }

  async join(stream: NodeStream, command: readonly string[]): Promise<void> {
    const { socket } = this;
    const leave = (): void => stream.cancel('the client went away');
    socket.on('close', leave);
    if (!socket.isOpen) leave();
    const reader = new ChannelReader(this.isBase64, (channel, data, isEnd) =>
      this.take(stream, { channel, data, isEnd }),
    );
    socket.on('data', (part, isStart, isEnd) => reader.take(part, isStart, isEnd));
    socket.resume();
    let result: SessionResult = {};
    try {
      for await (const { channel, data } of stream) {
        if (channel === sessionChannels.result)
          result = JSON.parse(Buffer.from(data).toString('utf8')) as SessionResult;
        else await this.send(channel, data);
      }
      await stream.end();
    } catch (cause) {
      result = { problem: cause instanceof Error ? cause.message : String(cause) };
    }
    await this.finish(result, command);
  }

  async finish(result: SessionResult, command: readonly string[]): Promise<void> {
    this.socket.resume();
    const status = statusOfResult(result, command);
    const text = this.endsWithStatus
      ? JSON.stringify(status)
      : status['status'] === 'Success'
        ? ''
        : String(status['message']);
    try {
      if (text !== '') await this.send(sessionChannels.result, Buffer.from(text));
      this.socket.close(1000);
    } catch {
      this.socket.terminate();
    }
  }

  private take(stream: NodeStream, { channel, data, isEnd }: Part): void {
    if (channel === CLOSE_SIGNAL && !this.isBase64) {
      if (data[0] === sessionChannels.input) this.pass(stream, Buffer.from([0]), sessionChannels.inputEnd);
    } else if (channel === sessionChannels.input) {
      if (data.length > 0) this.pass(stream, data, channel);
    } else if (channel === sessionChannels.size) {
      this.resize(stream, data, isEnd);
    }
  }
  private resize(stream: NodeStream, data: Buffer, isEnd: boolean): void {
    if (this.size.length < SIZE_LENGTH_MAX) this.size += data.toString();
    if (!isEnd) return;
    const size = parseTerminalSize(this.size);
    this.size = '';
    if (size) this.pass(stream, Buffer.from(JSON.stringify(size)), sessionChannels.size);
  }
  /** The client waits while the program does not read. */
  private pass(stream: NodeStream, data: Uint8Array, channel: number): void {
    this.unread++;
    this.socket.pause();
    stream
      .write(data, channel)
      .catch(() => undefined)
      .finally(() => --this.unread === 0 && this.socket.resume());
  }
  private send(channel: number, data: Uint8Array): Promise<void> {
    const bytes = Buffer.from(data);
    if (this.isBase64) return this.socket.send(`${channel}${bytes.toString('base64')}`);
    return this.socket.send(Buffer.concat([Buffer.from([channel]), bytes]));
  }
}

function statusOfResult({ exitCode = 0, problem }: SessionResult, command: readonly string[]): JsonObject {
  if (problem !== undefined) return statusOf(internalError(problem));
  if (exitCode === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: error executing command [${command.join(' ')}], exit code ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}
