import packet from 'dns-packet';
import type { DnsQuestion, DnsRecord } from '#model';

declare module 'dns-packet' {
  /** What the library has and its types lack. `encode` puts the length in front; all of them throw. */
  interface Codec {
    encode(data: unknown): Buffer;
    decode(data: Buffer, offset: number): unknown;
  }
  export const name: { decode: ((data: Buffer, offset: number) => string) & { bytes: number } };
  export function record(type: string): Codec;
}

/** Response codes; `BADVERS` needs the high bits that EDNS carries. */
export const rcodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, BADVERS: 16 } as const;
export type Rcode = keyof typeof rcodes;

const HEADER_BYTES = 12;
/** The least that each resolver takes in a datagram, and the most that is sent in one. */
const UDP_BYTES_MIN = 512;
export const UDP_BYTES_MAX = 1232;
export const TCP_BYTES_MAX = 65_535;
const CLASS_IN = 1;
const OPT = 41;
/** EDNS and a signature. */
const ADDITIONALS_MAX = 2;
const LABEL_BYTES_MAX = 63;
const NAME_BYTES_MAX = 255;
const POINTER_MAX = 0x3fff;
const FLAG = {
  response: 0x8000,
  authoritative: 0x0400,
  truncated: 0x0200,
  recursion: 0x0100,
  available: 0x0080,
  unchecked: 0x0010,
};
const TYPES = { A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, MX: 15, TXT: 16, AAAA: 28, SRV: 33, ANY: 255 } as const;
type TypeName = keyof typeof TYPES;
const typeNames = new Map<number, string>(Object.entries(TYPES).map(([name, code]) => [code, name]));

/** A well-formed question of class IN. */
export interface Query extends DnsQuestion {
  readonly id: number;
  /** The flags of the header. */
  readonly flags: number;
  /** The question as it was sent, in the client's spelling. */
  readonly question: Buffer;
  readonly typeCode: number;
  readonly edns?: { readonly bytesMax: number; readonly wantsSignatures: boolean };
}
/** What is to be answered without looking at the question. */
export interface Rejected {
  readonly rejected: Rcode;
  readonly id: number;
  readonly flags: number;
}

/** Reads a query. Returns undefined for what must not be answered at all. Never throws; the cost is linear in the size. */
export function readQuery(data: Buffer): Query | Rejected | undefined {
  // A response that was answered would be answered in turn.
  if (data.length < HEADER_BYTES || (data[2] ?? 0) >= 0x80) return undefined;
  const id = data.readUInt16BE(0);
  const flags = data.readUInt16BE(2);
  const reject = (rejected: Rcode): Rejected => ({ rejected, id, flags });
  if (((flags >> 11) & 15) !== 0) return reject('NOTIMP');
  const [questions, answers, authorities, additionals] = countsOf(data);
  if (questions !== 1 || answers > 0 || authorities > 0 || additionals > ADDITIONALS_MAX) return reject('FORMERR');
  const name = questionName(data);
  const end = name && name.end + 4;
  if (!name || end === undefined || end > data.length) return reject('FORMERR');
  const edns = ednsOf(data, end, additionals);
  if (edns === 'malformed') return reject('FORMERR');
  if (edns === 'other version') return reject('BADVERS');
  if (data.readUInt16BE(name.end + 2) !== CLASS_IN) return reject('REFUSED');
  const typeCode = data.readUInt16BE(name.end);
  return {
    id,
    flags,
    question: data.subarray(HEADER_BYTES, end),
    name: name.text,
    type: typeNames.get(typeCode) ?? `UNKNOWN_${typeCode}`,
    typeCode,
    ...(edns && { edns }),
  };
}

function countsOf(data: Buffer): [number, number, number, number] {
  return [data.readUInt16BE(4), data.readUInt16BE(6), data.readUInt16BE(8), data.readUInt16BE(10)];
}
/**
 * The name of the question, which has nothing before it that it could point to. Bytes that are no letter, digit or usual sign
 * are escaped as in RFC 1035 (`\\046` is a dot within a label), so that no two names have one text.
 */
function questionName(data: Buffer): { readonly text: string; readonly end: number } | undefined {
  const labels: string[] = [];
  for (let at = HEADER_BYTES; at - HEADER_BYTES < NAME_BYTES_MAX;) {
    const length = data[at];
    if (length === 0) return { text: labels.join('.').toLowerCase(), end: at + 1 };
    if (length === undefined || length > LABEL_BYTES_MAX || at + 1 + length > data.length) return undefined;
    labels.push(data.toString('latin1', at + 1, at + 1 + length).replace(/[^\w!-,/-\[\]-~-]/g, escaped));
    at += length + 1;
  }
  return undefined;
}
function escaped(character: string): string {
  return `\\${character.charCodeAt(0).toString().padStart(3, '0')}`;
}
function nameAt(data: Buffer, offset: number): { readonly text: string; readonly end: number } | undefined {
  try {
    const text = packet.name.decode(data, offset).toLowerCase();
    return { text: text === '.' ? '' : text, end: offset + packet.name.decode.bytes };
  } catch {
    return undefined;
  }
}
function ednsOf(data: Buffer, start: number, count: number): Query['edns'] | 'malformed' | 'other version' {
  let edns: Query['edns'];
  let version = 0;
  let at = start;
  for (let n = 0; n < count; n++) {
    const record = recordAt(data, at);
    if (!record) return 'malformed';
    at = record.end;
    if (record.type !== OPT) continue;
    if (edns) return 'malformed';
    version = (record.ttl >>> 16) & 255;
    edns = { bytesMax: record.class, wantsSignatures: (record.ttl & 0x8000) !== 0 };
  }
  return version === 0 ? edns : 'other version';
}

export interface RecordPlace {
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  readonly ttlAt: number;
  readonly dataAt: number;
  readonly end: number;
}
/** Where the parts of the record at this offset are; undefined when it does not fit. */
export function recordAt(data: Buffer, offset: number): RecordPlace | undefined {
  const at = skipName(data, offset);
  if (at === undefined || at + 10 > data.length) return undefined;
  const end = at + 10 + data.readUInt16BE(at + 8);
  if (end > data.length) return undefined;
  const type = data.readUInt16BE(at);
  return {
    type,
    class: data.readUInt16BE(at + 2),
    ttl: data.readUInt32BE(at + 4),
    ttlAt: at + 4,
    dataAt: at + 10,
    end,
  };
}
/** The end of a name, whose pointers are not followed. */
export function skipName(data: Buffer, offset: number): number | undefined {
  for (let at = offset; at - offset < NAME_BYTES_MAX;) {
    const length = data[at];
    if (length === undefined) return undefined;
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    if (length > LABEL_BYTES_MAX) return undefined;
    at += length + 1;
  }
  return undefined;
}

/** A record of a message, with its data as dns-packet takes it. */
export interface WireRecord {
  readonly name: string;
  readonly type: TypeName;
  readonly ttl: number;
  readonly data: unknown;
}
export interface Reply {
  readonly rcode: Rcode;
  readonly isAuthoritative: boolean;
  readonly answers: readonly WireRecord[];
  readonly authorities: readonly WireRecord[];
  readonly additionals: readonly WireRecord[];
}
export const noRecords = { answers: [], authorities: [], additionals: [] };

/** `bytesMax` of an answer over UDP. */
export function datagramBytes({ edns }: Query): number {
  return Math.min(UDP_BYTES_MAX, Math.max(UDP_BYTES_MIN, edns?.bytesMax ?? 0));
}

/** Writes an answer. What does not fit is left out, and the message then says so. Records that no message can hold are left out. */
export function writeReply(query: Query, reply: Reply, bytesMax: number): Buffer {
  const writer = new MessageWriter(query, bytesMax - (query.edns ? OPT_BYTES : 0));
  const isWhole = writer.writeAll('answers', reply.answers) && writer.writeAll('authorities', reply.authorities);
  // They are a courtesy: a client that needs them asks.
  if (isWhole) writer.writeAll('additionals', reply.additionals);
  const flags =
    FLAG.response |
    (query.flags & (FLAG.recursion | FLAG.unchecked)) |
    FLAG.available |
    (reply.isAuthoritative ? FLAG.authoritative : 0) |
    (isWhole ? 0 : FLAG.truncated) |
    (rcodes[reply.rcode] & 15);
  return writer.finish(query, flags);
}
const OPT_BYTES = 11;
function optRecord(extendedRcode = 0): Buffer {
  const opt = Buffer.alloc(OPT_BYTES);
  opt.writeUInt16BE(OPT, 1);
  opt.writeUInt16BE(UDP_BYTES_MAX, 3);
  opt[5] = extendedRcode;
  return opt;
}

class MessageWriter {
  private readonly parts: Buffer[];
  private length: number;
  private readonly counts = { answers: 0, authorities: 0, additionals: 0 };
  /** Where the names begin that were written. */
  private readonly names = new Map<string, number>();

  constructor(
    query: Query,
    private readonly bytesMax: number,
  ) {
    this.parts = [query.question];
    this.length = HEADER_BYTES + query.question.length;
    this.note(query.name, HEADER_BYTES);
  }
  /** False when one did not fit. */
  writeAll(section: keyof MessageWriter['counts'], records: readonly WireRecord[]): boolean {
    for (const record of records) {
      const data = encoded(record);
      if (!data) continue;
      const written = this.nameOf(record.name);
      if (!written) continue;
      const fixed = Buffer.alloc(8);
      fixed.writeUInt16BE(TYPES[record.type], 0);
      fixed.writeUInt16BE(CLASS_IN, 2);
      fixed.writeUInt32BE(record.ttl >>> 0, 4);
      const bytes = written.length + fixed.length + data.length;
      if (this.length + bytes > this.bytesMax) return false;
      this.note(record.name, this.length);
      this.parts.push(written, fixed, data);
      this.length += bytes;
      this.counts[section]++;
    }
    return true;
  }
  finish({ id, edns }: Query, flags: number): Buffer {
    const header = Buffer.alloc(HEADER_BYTES);
    const { answers, authorities, additionals } = this.counts;
    [id, flags, 1, answers, authorities, additionals + (edns ? 1 : 0)].forEach((n, at) =>
      header.writeUInt16BE(n, at * 2),
    );
    return Buffer.concat([header, ...this.parts, ...(edns ? [optRecord()] : [])]);
  }

  private note(name: string, at: number): void {
    // An escaped byte makes the text longer than what stands in the message.
    if (name.includes('\\')) return;
    for (let rest = name, offset = at; rest !== '' && offset <= POINTER_MAX;) {
      if (this.names.has(rest)) return;
      this.names.set(rest, offset);
      const dot = rest.indexOf('.');
      if (dot < 0) return;
      offset += dot + 1;
      rest = rest.slice(dot + 1);
    }
  }
  private nameOf(name: string): Buffer | undefined {
    if (name.length > NAME_BYTES_MAX - 2) return undefined;
    const parts: Buffer[] = [];
    for (let rest = name; rest !== '';) {
      const known = this.names.get(rest);
      if (known !== undefined) return Buffer.concat([...parts, Buffer.from([0xc0 | (known >> 8), known & 255])]);
      const dot = rest.indexOf('.');
      const label = Buffer.from(dot < 0 ? rest : rest.slice(0, dot), 'latin1');
      if (label.length === 0 || label.length > LABEL_BYTES_MAX) return undefined;
      parts.push(Buffer.from([label.length]), label);
      rest = dot < 0 ? '' : rest.slice(dot + 1);
    }
    return Buffer.concat([...parts, Buffer.from([0])]);
  }
}
function encoded({ type, data }: WireRecord): Buffer | undefined {
  try {
    return packet.record(type).encode(data);
  } catch {
    return undefined;
  }
}

/** The answer to what is rejected: a header, and EDNS where the code needs it. */
export function writeRejection({ rejected, id, flags }: Rejected): Buffer {
  const code = rcodes[rejected];
  const header = Buffer.alloc(HEADER_BYTES);
  const kept = flags & (0x7800 | FLAG.recursion | FLAG.unchecked);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(FLAG.response | kept | FLAG.available | (code & 15), 2);
  if (code < 16) return header;
  header.writeUInt16BE(1, 10);
  return Buffer.concat([header, optRecord(code >> 4)]);
}

/** The message of a query for a server outside: the client's question, our id and our EDNS. */
export function writeForwarded(query: Query, id: number, withEdns: boolean): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(FLAG.recursion | (query.flags & FLAG.unchecked), 2);
  header.writeUInt16BE(1, 4);
  if (!withEdns) return Buffer.concat([header, query.question]);
  header.writeUInt16BE(1, 10);
  const opt = optRecord();
  if (query.edns?.wantsSignatures) opt[7] = 0x80;
  return Buffer.concat([header, query.question, opt]);
}

export function toWire(record: DnsRecord): WireRecord {
  const { name, ttl, type } = record;
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return { name, ttl, type, data: record.address };
    case 'SRV': {
      const { priority, weight, port, target } = record;
      return { name, ttl, type, data: { priority, weight, port, target } };
    }
    case 'TXT':
      return { name, ttl, type, data: record.text };
    case 'SOA': {
      const { primary: mname, mailbox: rname, ...numbers } = record.soa;
      return { name, ttl, type, data: { mname, rname, ...numbers } };
    }
    default:
      return { name, ttl, type, data: record.target };
  }
}
/** The record of a message in a form that can be written into another; undefined of a type that this does not know. */
export function recordOf(data: Buffer, offset: number): WireRecord | undefined {
  const place = recordAt(data, offset);
  const name = nameAt(data, offset);
  const type = place && typeNames.get(place.type);
  if (!place || !name || type === undefined || type === 'ANY' || type === 'SOA') return undefined;
  try {
    return {
      name: name.text,
      type: type as TypeName,
      ttl: place.ttl,
      data: packet.record(type).decode(data, place.dataAt - 2),
    };
  } catch {
    return undefined;
  }
}
