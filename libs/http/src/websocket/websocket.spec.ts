import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PassThrough, Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChannelReader } from './channel-reader.js';
import { FrameError, frameHead, FrameReader } from './frames.js';
import { ServerSocket } from './server-socket.js';

/** A client's frame: masked, and final unless told otherwise. */
function frame(opcode: number, payload: Buffer, isFinal = true): Buffer {
  const head = frameHead(opcode, payload.length);
  head[0] = (isFinal ? 0x80 : 0) | opcode;
  head[1] = (head[1] as number) | 0x80;
  const key = Buffer.from([1, 2, 3, 4]);
  return Buffer.concat([head, key, payload.map((byte, i) => byte ^ (key[i % 4] as number))]);
}
const text = (words: string): Buffer => Buffer.from(words);

describe('frames of a WebSocket', () => {
  /** What a reader makes of bytes that are cut at some places. */
  function read(bytes: Buffer, cuts: readonly number[] = []): string {
    let out = '';
    const reader = new FrameReader({
      data: (part, isStart, isEnd) => (out += `${isStart ? '<' : ''}${part.toString()}${isEnd ? '>' : ''}`),
      control: (opcode, payload) => (out += `[${opcode} ${payload.toString()}]`),
    });
    const copy = Buffer.from(bytes);
    let from = 0;
    for (const to of [...cuts, copy.length]) {
      reader.push(copy.subarray(from, to));
      from = to;
    }
    return out;
  }

  it('are read one by one, with control frames in between, however they are cut', () => {
    const bytes = Buffer.concat([
      frame(2, text('one'), false),
      frame(9, text('ping')),
      frame(0, text('x'.repeat(300)), false),
      frame(0, text('')),
      frame(1, text('four')),
    ]);
    const whole = `<one>[9 ping]<${'x'.repeat(300)}><><four>`;
    expect(read(bytes)).toBe(whole);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
        expect(
          read(
            bytes,
            [...cuts].sort((a, b) => a - b),
          ),
        ).toBe(whole);
      }),
    );
  });

  it.each([
    ['not masked', Buffer.from([0x82, 1, 0, 0, 0, 0])],
    ['with reserved bits', Buffer.from([0xc2, 0x80, 0, 0, 0, 0])],
    ['a continuation of nothing', frame(0, text('a'))],
    ['a message within a message', Buffer.concat([frame(1, text('a'), false), frame(1, text('b'))])],
    ['a control frame in parts', frame(9, text('a'), false)],
    ['a control frame that is too long', frame(9, Buffer.alloc(126))],
    ['of an unknown sort', frame(5, text('a'))],
    ['too large', Buffer.from([0x82, 0xff, 0, 0, 0, 0, 2, 0, 0, 1, 0, 0, 0, 0])],
  ])('that are none (%s) are refused', (_what, bytes) => {
    expect(() => read(bytes)).toThrow(FrameError);
  });

  it('of whatever bytes end the connection or are read', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const [up, down] = [new PassThrough(), new PassThrough()];
        const socket = new ServerSocket(Duplex.from({ readable: up, writable: down }), Buffer.alloc(0));
        const closed = new Promise((resolve) => socket.once('close', resolve));
        down.resume();
        socket.resume();
        up.end(Buffer.from(bytes));
        expect(await Promise.race([closed, sleep(5000, 'never closed')])).not.toBe('never closed');
      }),
      { numRuns: 50 },
    );
  });

  it('of a base64 channel are decoded across the places where they are cut', () => {
    const data = Buffer.from('any bytes that are long enough to be cut');
    const payload = Buffer.from(`0${data.toString('base64')}`);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: payload.length - 1 }), { maxLength: 5 }), (cuts) => {
        const got: Buffer[] = [];
        const reader = new ChannelReader(true, (channel, part) => void (channel === 0 && got.push(part)));
        const ends = [...new Set(cuts)].sort((a, b) => a - b);
        let from = 0;
        for (const to of [...ends, payload.length]) {
          reader.take(payload.subarray(from, to), from === 0, to === payload.length);
          from = to;
        }
        expect(Buffer.concat(got)).toEqual(data);
      }),
    );
  });
});
