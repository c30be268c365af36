import { describe, expect, it } from '@jest/globals';
import packet from 'dns-packet';
import fc from 'fast-check';
import { answersOf, passedOn, readResponse } from './response.js';
import { question, wordsOf } from './testing.js';
import { readQuery, toWire, writeForwarded, writeRejection, writeReply, noRecords, type Query } from './wire.js';

const read = (message: Buffer): Query => {
  const query = readQuery(message);
  if (!query || 'rejected' in query) throw new Error(`rejected: ${query?.rejected}`);
  return query;
};
const rejection = (message: Buffer): unknown => {
  const query = readQuery(message);
  return query && 'rejected' in query ? query.rejected : query && 'taken';
};
const web = question('Web.Shop.svc.cluster.local', 'A');
/** A query with these 16-bit words at these places. */
const changed = (words: Readonly<Record<number, number>>, of = web): Buffer => {
  const made = Buffer.from(of);
  for (const [at, word] of Object.entries(words)) made.writeUInt16BE(word, Number(at));
  return made;
};
const named = (...labels: readonly number[][]): Buffer =>
  Buffer.concat([
    web.subarray(0, 12),
    ...labels.map((label) => Buffer.from([label.length, ...label])),
    Buffer.from([0, 0, 1, 0, 1]),
  ]);

describe('a query', () => {
  it('is read with its name in lower case, and answered in its own spelling', () => {
    const query = read(web);
    expect(query).toMatchObject({ id: 7, name: 'web.shop.svc.cluster.local', type: 'A' });
    const records = [{ name: query.name, ttl: 30, type: 'A' as const, address: '10.96.0.9' }].map(toWire);
    const reply = writeReply(query, { rcode: 'NOERROR', isAuthoritative: true, ...noRecords, answers: records }, 512);
    expect(wordsOf(reply)).toEqual({
      code: 'NOERROR',
      flags: 'aa ra',
      answers: ['A Web.Shop.svc.cluster.local 30 10.96.0.9'],
    });
    // The name of the answer is two bytes that lead to the question's.
    expect(reply.length).toBe(web.length + 2 + 10 + 4);
  });
  it.each([
    ['of several questions', changed({ 4: 2 }), 'FORMERR'],
    ['of no question', changed({ 4: 0 }), 'FORMERR'],
    ['that claims to have answers', changed({ 6: 65_535 }), 'FORMERR'],
    ['that claims to have 65,535 additional records', changed({ 10: 65_535 }), 'FORMERR'],
    ['with another opcode', changed({ 2: 0x2800 }), 'NOTIMP'],
    ['of class CHAOS', changed({ [web.length - 2]: 3 }), 'REFUSED'],
    ['of any class', changed({ [web.length - 2]: 255 }), 'REFUSED'],
    ['that is cut', web.subarray(0, web.length - 1), 'FORMERR'],
    [
      'whose name is a pointer to itself',
      Buffer.concat([web.subarray(0, 12), Buffer.from([0xc0, 12, 0, 1, 0, 1])]),
      'FORMERR',
    ],
    ['of a name of 300 characters', named(...Array.from({ length: 5 }, () => Array<number>(60).fill(97))), 'FORMERR'],
    [
      'of a name of 253 characters',
      named(...Array.from({ length: 4 }, (_, n) => Array<number>(n === 0 ? 61 : 63).fill(97))),
      'taken',
    ],
    [
      'with EDNS of another version',
      changed({ [web.length + 6]: 0x0100 }, question('Web.Shop.svc.cluster.local', 'A', { bytesMax: 1232 })),
      'BADVERS',
    ],
    ['that is a response', changed({ 2: 0x8180 }), undefined],
    ['of eleven bytes', web.subarray(0, 11), undefined],
  ])('%s is taken or rejected as it should', (_, message, expected) => {
    expect(rejection(message)).toBe(expected);
  });
  it('is rejected with its id, and with EDNS where the code needs that', () => {
    const rejected = writeRejection({ rejected: 'FORMERR', id: 7, flags: 0x0100 });
    expect([rejected.length, wordsOf(rejected).code]).toEqual([12, 'FORMERR']);
    expect(packet.decode(writeRejection({ rejected: 'BADVERS', id: 7, flags: 0 })).additionals).toMatchObject([
      { type: 'OPT', extendedRcode: 1 },
    ]);
  });
  it('has a text for each name: a dot within a label divides nothing', () => {
    expect(read(named([97, 46, 98])).name).toBe('a\\046b');
    expect(read(named([97], [98])).name).toBe('a.b');
    expect(read(named([0xc3, 0xa4, 92])).name).toBe('\\195\\164\\092');
  });
});

describe('an answer', () => {
  const many = Array.from({ length: 200 }, (_, n) =>
    toWire({ name: 'db.shop.svc.cluster.local', ttl: 30, type: 'A', address: `10.1.0.${n}` }),
  );
  const reply = { rcode: 'NOERROR', isAuthoritative: true, ...noRecords, answers: many } as const;
  it('that does not fit has what does, and says that it is truncated', () => {
    const query = read(question('db.shop.svc.cluster.local', 'A'));
    const cut = writeReply(query, reply, 512);
    expect(cut.length).toBeLessThanOrEqual(512);
    expect(wordsOf(cut)).toMatchObject({ flags: 'aa tc ra' });
    expect(wordsOf(cut).answers.length).toBe(29);
    expect(wordsOf(writeReply(query, reply, 65_535)).answers.length).toBe(200);
  });
  it('has EDNS when the query has, within the bytes that it may have', () => {
    const cut = writeReply(read(question('db.shop.svc.cluster.local', 'A', { bytesMax: 4096 })), reply, 1232);
    expect(cut.length).toBeLessThanOrEqual(1232);
    expect(packet.decode(cut).additionals).toMatchObject([{ type: 'OPT', udpPayloadSize: 1232 }]);
  });
  it('leaves out a record whose name no message can hold, and the additional ones where there is no room', () => {
    const query = read(web);
    const alias = toWire({ name: query.name, ttl: 30, type: 'CNAME', target: 'x'.repeat(64) });
    expect(() =>
      writeReply(query, { ...reply, answers: [{ ...alias, name: `${'x'.repeat(64)}.y` }] }, 512),
    ).not.toThrow();
    const short = writeReply(query, { ...reply, answers: many.slice(0, 2), additionals: many }, 512);
    expect(wordsOf(short).flags).toBe('aa ra');
  });
});

describe('what comes from anywhere', () => {
  const bytes = fc.uint8Array({ maxLength: 600 }).map((data) => Buffer.from(data));
  /** Messages that are nearly right: they get further. */
  const nearly = fc
    .tuple(
      fc.constantFrom('A', 'SRV', 'PTR'),
      fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 8 }),
      fc.nat(500),
      fc.boolean(),
    )
    .map(([type, changes, length, isResponse]) => {
      const answers = Array.from({ length: 5 }, (_, n) => ({
        type: 'CNAME' as const,
        name: 'a.b',
        ttl: n,
        data: 'c.d',
      }));
      const made = isResponse
        ? packet.encode({ type: 'response', id: 7, questions: [{ type: 'A', name: 'a.b' }], answers })
        : question('Web.Shop.svc.cluster.local', type, { bytesMax: 900 });
      for (const [at, byte] of changes) if (at < made.length) made[at] = byte;
      return made.subarray(0, Math.max(length, 13));
    });
  it('never throws, is answered by a message that can be read, or not at all', () => {
    fc.assert(
      fc.property(fc.oneof(bytes, nearly), (data) => {
        const query = readQuery(data);
        if (!query) return;
        const made =
          'rejected' in query
            ? writeRejection(query)
            : writeReply(
                query,
                {
                  rcode: 'NOERROR',
                  isAuthoritative: true,
                  ...noRecords,
                  answers: [toWire({ name: query.name, ttl: 1, type: 'A', address: '1.2.3.4' })],
                },
                512,
              );
        expect(made.readUInt16BE(0)).toBe(data.readUInt16BE(0));
        expect(made.length).toBeLessThanOrEqual(512);
        expect(() => packet.decode(made)).not.toThrow();
        if (!('rejected' in query))
          expect(writeForwarded(query, 9, true).subarray(12, 12 + query.question.length)).toEqual(query.question);
      }),
      { numRuns: 3000 },
    );
  });
  it('never throws as an answer of a server outside, and can be passed on when it is taken', () => {
    const query = read(question('a.b', 'A'));
    fc.assert(
      fc.property(fc.oneof(bytes, nearly), (data) => {
        const response = readResponse(data, query, 7);
        if (!response) return;
        expect(() => answersOf(response, 1)).not.toThrow();
        const made = passedOn(response, { ...query, id: 99 }, { ageSeconds: 3, bytesMax: 512 });
        expect(made.readUInt16BE(0)).toBe(99);
        expect(made.length).toBeLessThanOrEqual(512);
      }),
      { numRuns: 3000 },
    );
  });
  it('costs no more than its size: a header that claims 65,535 records, names that point on and on', () => {
    const query = read(question('a.b', 'A'));
    // Each name leads to the one before it: followed each time, that would be quadratic.
    const records = Array.from({ length: 5000 }, (_, n) => {
      const record = Buffer.alloc(12);
      record.writeUInt16BE(0xc000 | Math.min(0x3fff, n === 0 ? 12 : 21 + 12 * (n - 1)), 0);
      record.writeUInt16BE(5, 2);
      return record;
    });
    const header = question('a.b', 'A').subarray(0, 12);
    header.writeUInt16BE(0x8180, 2);
    header.writeUInt16BE(5000, 6);
    const message = Buffer.concat([header, query.question, ...records]);
    const started = performance.now();
    const response = readResponse(message, query, 7);
    expect(response?.ttlsAt.length).toBe(5000);
    if (response) answersOf(response, 0);
    header.writeUInt16BE(0xffff, 6);
    expect(readResponse(Buffer.concat([header, query.question, ...records]), query, 7)).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(500);
  });
});
