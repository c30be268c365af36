import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { Duplex, PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { FIN, SpdyTestClient } from '../testing/spdy-client.js';
import { HEADER_DICTIONARY } from './dictionary.js';
import { controlFrame, dataHead, frameTypes, numbersFrame, SpdyError, SpdyReader } from './frames.js';
import { HeaderInflater, HeaderPacker, parseHeaders } from './headers.js';
import { SpdySession, STREAMS_MAX, UNREAD_BYTES_MAX } from './session.js';
import type { SpdyStream } from './stream.js';

/** Both ends of a connection. */
function connection(): readonly [Duplex, Duplex] {
  const [up, down] = [new PassThrough(), new PassThrough()];
  return [Duplex.from({ readable: down, writable: up }), Duplex.from({ readable: up, writable: down })];
}

function session(onStream: (stream: SpdyStream) => void): { client: SpdyTestClient; server: SpdySession } {
  const [client, server] = connection();
  return { client: new SpdyTestClient(client), server: new SpdySession(server, onStream) };
}

/** Headers are unpacked on other threads, which may take their time. */
async function eventually(isIt: () => boolean): Promise<void> {
  while (!isIt()) await sleep(5);
}
async function opened(streams: readonly SpdyStream[]): Promise<readonly [SpdyStream, SpdyStream]> {
  await eventually(() => streams.length === 2);
  return [streams[0] as SpdyStream, streams[1] as SpdyStream];
}
const firstText = (stream: SpdyStream): Promise<string> =>
  new Promise((resolve) => stream.on('data', (part: Buffer) => resolve(part.toString())));

describe('SPDY', () => {
  it('has the dictionary of its third version', () => {
    expect(createHash('sha256').update(HEADER_DICTIONARY).digest('hex')).toBe(
      '51d27341373f923f3cd88e1eb7162aeaa3723d7585ff2399201dc06498407f02',
    );
  });

  it('opens streams with their headers, and passes bytes both ways until both sides have ended', async () => {
    const { client, server } = session((stream) => {
      stream.on('data', (part: Buffer) => stream.write(part.toString().toUpperCase()));
      stream.on('end', () => stream.end(`bye ${stream.headers['port']}`));
    });
    const first = await client.open({ streamtype: 'data', port: '80' });
    const second = await client.open({ streamType: 'data', port: '81' });
    client.send(first, Buffer.from('one'));
    client.send(second, Buffer.from('two'), true);
    client.finish(first);
    await client.until(() => client.received(first).isOver && client.received(second).isOver);
    expect([client.received(first).text, client.received(second).text]).toEqual(['ONEbye 80', 'TWObye 81']);
    expect(client.frames(frameTypes.synReply)).toHaveLength(2);
    await eventually(() => server.openStreams === 0);
  });

  it('answers pings, and grants windows to those who read them', async () => {
    const { client } = session((stream) => stream.resume());
    const id = await client.open({});
    client.send(id, Buffer.alloc(100_000));
    client.bytes.write(numbersFrame(frameTypes.ping, 7));
    await client.until(() => client.frames(frameTypes.ping).length === 1);
    expect(client.frames(frameTypes.ping)[0]?.payload.readUInt32BE(0)).toBe(7);
    const granted = client
      .frames(frameTypes.windowUpdate)
      .filter(({ payload }) => payload.readUInt32BE(0) === id)
      .reduce((sum, { payload }) => sum + payload.readUInt32BE(4), 0);
    expect(granted).toBe(100_000);
  });

  it('reads no more of a client than its streams take, and goes on when they do', async () => {
    const streams: SpdyStream[] = [];
    const { client } = session((stream) => streams.push(stream));
    const [slow, other] = [await client.open({}), await client.open({})];
    let sent = 0;
    while (sent < 8 * 1024 * 1024) {
      sent += 64 * 1024;
      client.send(slow, Buffer.alloc(64 * 1024));
    }
    client.send(other, Buffer.from('late'), true);
    const [first, second] = await opened(streams);
    await eventually(() => first.unread > UNREAD_BYTES_MAX / 2);
    await sleep(100);
    expect(first.unread + second.unread).toBeLessThan(UNREAD_BYTES_MAX + 256 * 1024);
    let taken = 0;
    first.on('data', (part: Buffer) => (taken += part.length));
    expect([await firstText(second), taken]).toEqual(['late', sent]);
  });

  it('goes on reading when what a half-closed stream held is taken', async () => {
    const streams: SpdyStream[] = [];
    const { client } = session((stream) => streams.push(stream));
    const [first, second] = [await client.open({}), await client.open({})];
    client.send(first, Buffer.alloc(2 * UNREAD_BYTES_MAX), true);
    client.send(second, Buffer.from('x'), true);
    const [held, other] = await opened(streams);
    await eventually(() => held.unread > UNREAD_BYTES_MAX);
    held.resume();
    expect(await firstText(other)).toBe('x');
  });

  it('refuses more streams than a client may have, and forgets reset ones', async () => {
    const streams: SpdyStream[] = [];
    const { client, server } = session((stream) => streams.push(stream));
    for (let i = 0; i < STREAMS_MAX + 1; i++) await client.open({}, i === 0 ? FIN : 0);
    await client.until(() => client.frames(frameTypes.rstStream).length === 1);
    expect(server.openStreams).toBe(STREAMS_MAX);
    client.bytes.write(numbersFrame(frameTypes.rstStream, 1, 5));
    await eventually(() => server.openStreams < STREAMS_MAX);
    expect(server.openStreams).toBe(STREAMS_MAX - 1);
    expect(streams[0]?.destroyed).toBe(true);
  });

  it('unpacks no more headers than it may hold', async () => {
    const zeros = new HeaderPacker().pack({ a: 'b' });
    expect(await new HeaderInflater().read(zeros)).toEqual({ a: 'b' });
    const { client } = session(() => undefined);
    const bomb: Record<string, string> = {};
    for (let i = 0; i < 50; i++) bomb[`h${i}`] = 'x'.repeat(4000);
    await client.open(bomb);
    await client.until(() => client.frames(frameTypes.goAway).length === 1);
    expect(() => parseHeaders(Buffer.from([0xff, 0xff, 0xff, 0xff]))).toThrow(SpdyError);
  });

  it('reads the same frames however they are cut', () => {
    const stream = Buffer.concat([
      numbersFrame(frameTypes.ping, 1),
      dataHead(1, 5, true),
      Buffer.from('hello'),
      controlFrame(frameTypes.settings, Buffer.alloc(0)),
      dataHead(3, 0, true),
    ]);
    const shown = (cuts: readonly number[]): string => {
      const reader = new SpdyReader();
      let out = '';
      let from = 0;
      for (const to of [...cuts, stream.length]) {
        for (const event of reader.push(stream.subarray(from, to)))
          out += event.is === 'data' ? `${event.part.toString()}${event.isLast ? '$' : ''}` : `[${event.type}]`;
        from = to;
      }
      return out;
    };
    expect(shown([])).toBe('[6]hello$[4]$');
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
        expect(shown([...cuts].sort((a, b) => a - b))).toBe('[6]hello$[4]$');
      }),
    );
  });

  it('comes to an end with whatever bytes it is sent', async () => {
    const frame = fc.record({
      type: fc.nat(11),
      flags: fc.nat(3),
      payload: fc.uint8Array({ maxLength: 40 }),
      stream: fc.nat(6),
      isData: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { maxLength: 20 }), fc.uint8Array({ maxLength: 30 }), async (frames, rest) => {
        const [near, far] = connection();
        const server = new SpdySession(far, (stream) => stream.pipe(stream));
        near.on('error', () => undefined);
        near.resume();
        for (const { type, flags, payload, stream, isData } of frames) {
          const bytes = Buffer.from(payload);
          near.write(
            isData
              ? Buffer.concat([dataHead(stream, bytes.length, flags === 1), bytes])
              : controlFrame(type, bytes, flags),
          );
        }
        near.end(Buffer.from(rest));
        await eventually(() => server.openStreams === 0);
      }),
      { numRuns: 100 },
    );
  });
});
