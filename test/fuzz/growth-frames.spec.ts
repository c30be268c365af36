import { dataHead, frameTypes, numbersFrame, SpdyReader } from '../../libs/http/src/spdy/frames.js';
import { parseHeaders } from '../../libs/http/src/spdy/headers.js';
import { FrameReader } from '../../libs/http/src/websocket/frames.js';
import { grows } from './growth.js';

const frame = (length: number): Buffer => Buffer.concat([Buffer.from([0x82, 0x80 | length]), Buffer.alloc(4 + length)]);
const repeated = (size: number, part: Buffer): Buffer => Buffer.alloc(size - (size % part.length), part);
const webSocket = (pieces: number) => (bytes: Buffer) => {
  const reader = new FrameReader({ data: () => undefined, control: () => undefined });
  for (let at = 0; at < bytes.length; at += pieces) reader.push(bytes.subarray(at, at + pieces));
};
const spdy = (pieces: number) => (bytes: Buffer) => {
  const reader = new SpdyReader();
  for (let at = 0; at < bytes.length; at += pieces) reader.push(bytes.subarray(at, at + pieces));
};
const big = (size: number): Buffer => {
  const head = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  head.writeBigUInt64BE(BigInt(size), 2);
  return Buffer.concat([head, Buffer.alloc(size)]);
};
const headers = (size: number): Buffer => {
  const pair = Buffer.from([0, 0, 0, 1, 0x61, 0, 0, 0, Math.min(255, Math.floor(size / 100))]);
  const block = Buffer.concat([pair, Buffer.alloc(Math.min(255, Math.floor(size / 100)))]);
  return Buffer.concat([Buffer.from([0, 0, 0, 100]), ...Array.from({ length: 100 }, () => block)]);
};

grows('frames', [
  ['empty frames of a WebSocket', (n) => repeated(n, frame(0)), webSocket(65_536)],
  ['small frames of a WebSocket', (n) => repeated(n, frame(10)), webSocket(65_536)],
  ['one frame of a WebSocket in small pieces', big, webSocket(7)],
  ['pings of SPDY', (n) => repeated(n, numbersFrame(frameTypes.ping, 1)), spdy(65_536)],
  ['empty data frames of SPDY', (n) => repeated(n, dataHead(1, 0, false)), spdy(65_536)],
  ['frames of SPDY in small pieces', (n) => repeated(n, numbersFrame(frameTypes.ping, 1)), spdy(3)],
  ['headers of SPDY', headers, parseHeaders],
]);
