import { recordAt, recordOf, type Query, type WireRecord } from './wire.js';

const HEADER_BYTES = 12;
const SOA = 6;
const OPT = 41;
const TRUNCATED = 0x02;
const NXDOMAIN = 3;

/** A checked message of another server. */
export interface Response {
  readonly data: Buffer;
  readonly rcode: number;
  readonly isTruncated: boolean;
  /** Where the times to live stand. */
  readonly ttlsAt: readonly number[];
  /** Seconds for which it may be kept; 0: not at all. */
  readonly keepSeconds: number;
  readonly answersAt: readonly number[];
}

/** Longest time for which an answer is kept, in seconds, whatever its servers say. */
const KEEP_MAX = 3600;
const KEEP_NEGATIVE_MAX = 300;

/**
 * Reads the answer to a query that was sent under this id. Returns undefined for anything else, forged and malformed messages
 * included. Never throws; the cost is linear in the size.
 */
export function readResponse(data: Buffer, { question }: Pick<Query, 'question'>, id: number): Response | undefined {
  const end = HEADER_BYTES + question.length;
  if (data.length < HEADER_BYTES || data.readUInt16BE(0) !== id || ((data[2] ?? 0) & 0xf8) !== 0x80) return undefined;
  const rcode = (data[3] ?? 0) & 15;
  const questions = data.readUInt16BE(4);
  // Some servers answer FORMERR with a header alone.
  if (questions === 0 && rcode === 1)
    return { data, rcode, isTruncated: false, ttlsAt: [], keepSeconds: 0, answersAt: [] };
  if (questions !== 1 || !isSameQuestion(data.subarray(HEADER_BYTES, end), question)) return undefined;
  const isTruncated = ((data[2] ?? 0) & TRUNCATED) !== 0;
  const walked = walk(data, end, [data.readUInt16BE(6), data.readUInt16BE(8), data.readUInt16BE(10)]);
  if (!walked) return isTruncated ? { data, rcode, isTruncated, ttlsAt: [], keepSeconds: 0, answersAt: [] } : undefined;
  const keepSeconds = isTruncated || (rcode !== 0 && rcode !== NXDOMAIN) ? 0 : keepOf(walked, rcode);
  return { data, rcode, isTruncated, ttlsAt: walked.ttlsAt, keepSeconds, answersAt: walked.answersAt };
}
interface Walked {
  readonly ttlsAt: readonly number[];
  readonly answersAt: readonly number[];
  readonly ttlMin: number;
  readonly negativeTtl: number | undefined;
}
function walk(data: Buffer, start: number, counts: readonly number[]): Walked | undefined {
  const ttlsAt: number[] = [];
  const answersAt: number[] = [];
  let ttlMin = KEEP_MAX;
  let negativeTtl: number | undefined;
  let at = start;
  for (const [section, count] of counts.entries())
    for (let n = 0; n < count; n++) {
      const record = recordAt(data, at);
      if (!record) return undefined;
      if (section === 0) answersAt.push(at);
      if (record.type !== OPT) {
        // RFC 2181: one with the highest bit set counts as 0.
        const ttl = record.ttl > 0x7fffffff ? 0 : record.ttl;
        ttlsAt.push(record.ttlAt);
        ttlMin = Math.min(ttlMin, ttl);
        if (section === 1 && record.type === SOA && record.end - record.dataAt >= 22)
          negativeTtl = Math.min(ttl, data.readUInt32BE(record.end - 4));
      }
      at = record.end;
    }
  return { ttlsAt, answersAt, ttlMin, negativeTtl };
}
function keepOf({ answersAt, ttlMin, negativeTtl }: Walked, rcode: number): number {
  if (answersAt.length > 0 && rcode === 0) return ttlMin;
  // Without a start of authority nobody says how long it is true.
  return negativeTtl === undefined ? 0 : Math.min(ttlMin, negativeTtl, KEEP_NEGATIVE_MAX);
}
function isSameQuestion(theirs: Buffer, ours: Buffer): boolean {
  if (theirs.length !== ours.length) return false;
  for (let at = 0; at < ours.length; at++) if (lower(theirs[at] ?? 0) !== lower(ours[at] ?? 0)) return false;
  return true;
}
function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}

/** The message for a client that asked the same: its id and spelling, and what is left of the times to live. */
export function passedOn(response: Response, query: Query, { ageSeconds, bytesMax }: PassingOn): Buffer {
  const { data, ttlsAt } = response;
  const isWhole = data.length <= bytesMax;
  const end = HEADER_BYTES + query.question.length;
  const made = Buffer.from(isWhole ? data : data.subarray(0, Math.min(end, data.length)));
  made.writeUInt16BE(query.id, 0);
  // What the servers say about authority and recursion stays; what the client asked for is the client's.
  made[2] = ((made[2] ?? 0) & 0xfe) | ((query.flags >> 8) & 1) | (isWhole ? 0 : TRUNCATED);
  made[3] = ((made[3] ?? 0) & 0x6f) | 0x80 | (query.flags & 0x10);
  if (made.length >= end) query.question.copy(made, HEADER_BYTES);
  if (!isWhole) for (const at of [6, 8, 10]) made.writeUInt16BE(0, at);
  else if (ageSeconds > 0)
    for (const at of ttlsAt) made.writeUInt32BE(Math.max(0, made.readUInt32BE(at) - ageSeconds), at);
  return made;
}
export interface PassingOn {
  readonly ageSeconds: number;
  readonly bytesMax: number;
}

/** The answers of a message, for the end of another; of types that this does not know none. */
export function answersOf({ data, answersAt }: Response, ageSeconds: number): readonly WireRecord[] {
  return answersAt.flatMap((at) => {
    const record = recordOf(data, at);
    return record ? [{ ...record, ttl: Math.max(0, record.ttl - ageSeconds) }] : [];
  });
}
