import { createSocket } from 'node:dgram';
import { randomInt } from 'node:crypto';
import { createConnection, isIPv6 } from 'node:net';
import { readResponse, type Response } from './response.js';
import { writeForwarded, type Query } from './wire.js';

/** So many datagrams that are no answer are read: beyond that somebody is guessing. */
const STRAY_MAX = 32;

/** A name server outside, `port` 53 as a rule. */
export interface Upstream {
  readonly address: string;
  readonly port: number;
}

/**
 * Asks one server by UDP, from a port of its own and under a random id; only the server's own address is heard. An answer that
 * did not fit is asked for again by TCP. Returns undefined when none came within `timeoutMs`.
 */
export async function exchange(query: Query, upstream: Upstream, timeoutMs: number): Promise<Response | undefined> {
  const until = performance.now() + timeoutMs;
  const withEdns = query.edns !== undefined;
  const first = await overUdp(query, upstream, { withEdns, timeoutMs });
  const refusesEdns = withEdns && first?.rcode === 1;
  const left = (): number => Math.max(1, until - performance.now());
  const answer = refusesEdns ? await overUdp(query, upstream, { withEdns: false, timeoutMs: left() }) : first;
  if (!answer?.isTruncated) return answer;
  return (await overTcp(query, upstream, { withEdns: withEdns && !refusesEdns, timeoutMs: left() })) ?? answer;
}
interface How {
  readonly withEdns: boolean;
  readonly timeoutMs: number;
}

function overUdp(
  query: Query,
  { address, port }: Upstream,
  { withEdns, timeoutMs }: How,
): Promise<Response | undefined> {
  return new Promise((resolve) => {
    const id = randomInt(0x10000);
    const socket = createSocket(isIPv6(address.replace(/%.*$/, '')) ? 'udp6' : 'udp4');
    let strays = 0;
    let isOver = false;
    const end = (response?: Response): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      socket.close();
      resolve(response);
    };
    const timer = setTimeout(end, timeoutMs);
    socket.on('error', () => end());
    socket.on('message', (data) => {
      const response = readResponse(data, query, id);
      if (response) end(response);
      else if (++strays >= STRAY_MAX) end();
    });
    // A connected socket hears nobody else, and hears at once when nobody listens there.
    socket.once('connect', () => socket.send(writeForwarded(query, id, withEdns), (error) => error && end()));
    socket.connect(port, address);
  });
}

function overTcp(
  query: Query,
  { address, port }: Upstream,
  { withEdns, timeoutMs }: How,
): Promise<Response | undefined> {
  return new Promise((resolve) => {
    const id = randomInt(0x10000);
    const socket = createConnection({ host: address, port });
    let received = Buffer.alloc(0);
    const end = (response?: Response): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(response);
    };
    const timer = setTimeout(end, timeoutMs);
    socket.on('error', () => end());
    socket.on('close', () => end());
    socket.on('connect', () => socket.write(framed(writeForwarded(query, id, withEdns))));
    const parts: Buffer[] = [];
    let length = 0;
    socket.on('data', (part) => {
      parts.push(part);
      length += part.length;
      if (received.length < 2) {
        received = Buffer.concat(parts);
        if (received.length < 2) return;
      }
      const wanted = received.readUInt16BE(0) + 2;
      if (length >= wanted) end(readResponse(Buffer.concat(parts).subarray(2, wanted), query, id));
    });
  });
}

/** A message with its length in front, as it is sent over TCP. */
export function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}
