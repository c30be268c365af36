import packet from 'dns-packet';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createConnection, createServer, type Server } from 'node:net';

/** A message that asks for a name, as dns-packet writes it. `bytesMax`: with EDNS. */
export function question(name: string, type: string, { id = 7, bytesMax = 0 } = {}): Buffer {
  const additionals =
    bytesMax > 0
      ? [
          {
            type: 'OPT' as const,
            name: '.',
            udpPayloadSize: bytesMax,
            extendedRcode: 0,
            ednsVersion: 0,
            flags: 0,
            flag_do: false,
            options: [],
          },
        ]
      : [];
  return packet.encode({
    type: 'query',
    id,
    flags: packet.RECURSION_DESIRED,
    questions: [{ type: type as 'A', name }],
    additionals,
  });
}

/** A message in words: code, flags, `type name ttl data` of each answer, and how many records are in the other parts. */
export function wordsOf(message: Buffer): {
  readonly code: string;
  readonly flags: string;
  readonly answers: readonly string[];
} {
  const { rcode, ...read } = packet.decode(message) as ReturnType<typeof packet.decode> & { rcode: string };
  const flags = Object.entries({ aa: read.flag_aa, tc: read.flag_tc, ra: read.flag_ra }).filter(([, on]) => on);
  const answers = (read.answers ?? []).map((answer) => {
    const { type, name } = answer;
    return `${type} ${name} ${'ttl' in answer ? answer.ttl : ''} ${textOf('data' in answer ? answer.data : '')}`;
  });
  return { code: rcode, flags: flags.map(([flag]) => flag).join(' '), answers };
}
function textOf(data: unknown): string {
  if (Array.isArray(data)) return data.map(String).join(' ');
  return typeof data === 'object' ? Object.values(data ?? {}).join(' ') : String(data);
}

export async function askUdp(message: Buffer, port: number, address = '127.0.0.1', timeoutMs = 6000): Promise<Buffer> {
  const socket = createSocket('udp4');
  try {
    socket.send(message, port, address);
    const [answer] = (await once(socket, 'message', { signal: AbortSignal.timeout(timeoutMs) })) as [Buffer];
    return answer;
  } finally {
    socket.close();
  }
}
/** Sends the bytes as they are and reads so many messages, or until the other side ends the connection. */
export async function askTcp(bytes: Buffer, port: number, count = 1): Promise<readonly Buffer[]> {
  const socket = createConnection({ port, host: '127.0.0.1' });
  socket.write(bytes);
  const messages: Buffer[] = [];
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const part of socket) {
      rest = Buffer.concat([rest, part as Buffer]);
      while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
        messages.push(rest.subarray(2, 2 + rest.readUInt16BE(0)));
        rest = rest.subarray(2 + rest.readUInt16BE(0));
      }
      if (messages.length >= count) break;
    }
  } catch {
    // The other side broke it off.
  }
  socket.destroy();
  return messages;
}

/** What a server outside does with a question; undefined: nothing. */
export type Behaviour = (query: packet.DecodedPacket, over: 'udp' | 'tcp') => Buffer | readonly Buffer[] | undefined;

/** A name server in this process, by UDP and TCP at one port. */
export class TestUpstream {
  private constructor(
    readonly port: number,
    private readonly ends: readonly (() => void)[],
    /** `udp name type` of each question, in order. */
    readonly asked: readonly string[],
  ) {}
  static async open(behaviour: Behaviour, { address = '127.0.0.2', port = 0 } = {}): Promise<TestUpstream> {
    const asks: string[] = [];
    const answer = (data: Buffer, over: 'udp' | 'tcp'): readonly Buffer[] => {
      const query = packet.decode(data);
      asks.push(`${over} ${query.questions?.[0]?.name} ${query.questions?.[0]?.type}`);
      const made = behaviour(query, over);
      return made === undefined ? [] : Buffer.isBuffer(made) ? [made] : (made as readonly Buffer[]);
    };
    const tcp: Server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        for (const made of answer(data.subarray(2), 'tcp')) {
          const length = Buffer.alloc(2);
          length.writeUInt16BE(made.length);
          socket.write(Buffer.concat([length, made]));
        }
      });
    });
    tcp.listen(port, address);
    await once(tcp, 'listening');
    const { port: given } = tcp.address() as { port: number };
    const udp = createSocket('udp4');
    udp.on('message', (data, from) => {
      for (const made of answer(data, 'udp')) udp.send(made, from.port, from.address);
    });
    udp.bind(given, address);
    await once(udp, 'listening');
    return new TestUpstream(given, [() => udp.close(), () => tcp.close()], asks);
  }
  close(): void {
    for (const end of this.ends) end();
  }
}

/** The answer of a server outside: addresses of the name that was asked for. */
export function addresses(
  query: packet.DecodedPacket,
  all: readonly string[],
  { ttl = 60, flags = 0, id = query.id } = {},
): Buffer {
  const name = query.questions?.[0]?.name ?? '';
  return packet.encode({
    type: 'response',
    id,
    flags: packet.RECURSION_AVAILABLE | flags,
    questions: query.questions,
    answers: all.map((data) => ({ type: 'A' as const, name, ttl, data })),
  });
}
/** The answer that there is no such name. */
export function noSuchName(query: packet.DecodedPacket, { minimum = 60, rcode = 3 } = {}): Buffer {
  const soa = { mname: 'ns.test', rname: 'root.test', serial: 1, refresh: 1, retry: 1, expire: 1, minimum };
  const { id, questions } = query;
  return packet.encode({
    type: 'response',
    id,
    flags: packet.RECURSION_AVAILABLE | rcode,
    questions,
    authorities: [{ type: 'SOA', name: 'test', ttl: 3600, data: soa }],
  });
}
