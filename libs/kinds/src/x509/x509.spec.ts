import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { testCertificate, testRequest } from './testing/test-requests.js';
import { certificateEnd, certificateProblem } from './certificate.js';
import { DER_BYTES_MAX } from './asn1.js';
import { firstPemBlock } from './pem.js';
import { readRequest, readSignedRequest } from './signing-request.js';

const pem = (type: string, bytes: Uint8Array): string =>
  Buffer.from(`-----BEGIN ${type}-----\n${Buffer.from(bytes).toString('base64')}\n-----END ${type}-----\n`).toString(
    'base64',
  );
const derOf = (request: string): Buffer =>
  Buffer.from(firstPemBlock(Buffer.from(request, 'base64').toString())?.block.bytes ?? []);

describe('a PKCS #10 request', () => {
  it.each(['ec', 'rsa', 'ed25519'] as const)('with a key of %s is read with all that it asks for', async (key) => {
    const { request } = await testRequest({
      commonName: 'system:node:a',
      organizations: ['system:nodes', 'others'],
      names: [
        { type: 'dns', value: 'a.example.com' },
        { type: 'ip', value: '10.0.0.7' },
        { type: 'ip', value: 'fd00::1' },
        { type: 'email', value: 'a@example.com' },
        { type: 'url', value: 'spiffe://a' },
      ],
      key,
    });
    expect(readSignedRequest(request)).toMatchObject({
      commonName: 'system:node:a',
      organizations: ['system:nodes', 'others'],
      subject: [
        { oid: '2.5.4.10', value: 'system:nodes' },
        { oid: '2.5.4.10', value: 'others' },
        { oid: '2.5.4.3', value: 'system:node:a' },
      ],
      dnsNames: ['a.example.com'],
      ipAddresses: ['10.0.0.7', 'fd00:0:0:0:0:0:0:1'],
      emailAddresses: ['a@example.com'],
      uris: ['spiffe://a'],
    });
  });

  it('that was changed after it was signed is refused, and so is the key of another', async () => {
    const [mine, theirs] = await Promise.all([
      testRequest({ commonName: 'mine' }),
      testRequest({ commonName: 'them' }),
    ]);
    const changed = derOf(mine.request);
    changed.write('mind', changed.indexOf('mine'));
    expect(readRequest(pem('CERTIFICATE REQUEST', changed))).toMatchObject({ commonName: 'mind' });
    const refused = { problem: 'x509: the signature is not that of the key' };
    expect(readSignedRequest(pem('CERTIFICATE REQUEST', changed))).toEqual(refused);
    // Same lengths: their key in my request.
    const [ours, others] = [derOf(mine.request), derOf(theirs.request)];
    const spki = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107', 'hex');
    others.copy(ours, ours.indexOf(spki), others.indexOf(spki), others.indexOf(spki) + 91);
    expect(readSignedRequest(pem('CERTIFICATE REQUEST', ours))).toEqual(refused);
  });

  it('may stand among other text and has headers or none', async () => {
    const { request } = await testRequest({ commonName: 'jane' });
    const text = Buffer.from(request, 'base64').toString();
    const inText = (whole: string): unknown => readSignedRequest(Buffer.from(whole).toString('base64'));
    expect(inText(`before\n-----BEGIN odd\n${text}${text}after`)).toMatchObject({ commonName: 'jane' });
    expect(inText(text.replace('-----\n', '-----\nKey: value\n\n'))).toMatchObject({ commonName: 'jane' });
    expect(inText(text.replaceAll('CERTIFICATE', 'NEW CERTIFICATE'))).toEqual({
      problem: 'PEM block type must be CERTIFICATE REQUEST',
    });
  });

  it('of any bytes is read or refused, and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(Object.keys(readSignedRequest(pem('CERTIFICATE REQUEST', bytes)))).toEqual(['problem']);
      }),
    );
  });
  it('with one byte changed never passes for the one that was signed', async () => {
    const { request } = await testRequest({ commonName: 'jane', names: [{ type: 'dns', value: 'a' }] });
    const der = derOf(request);
    const whole = readSignedRequest(request);
    for (let i = 0; i < der.length; i++) {
      const changed = Buffer.from(der);
      changed.writeUInt8(der.readUInt8(i) ^ 1, i);
      const read = readSignedRequest(pem('CERTIFICATE REQUEST', changed));
      if (!('problem' in read)) expect(read).toEqual(whole);
    }
  });

  it('that is made to cost much is refused in little time', () => {
    const nested = Buffer.alloc(60_000, Buffer.from([0x30, 0x80]));
    const siblings = Buffer.concat([Buffer.from([0x30, 0x82, 0xea, 0x60]), Buffer.alloc(60_000, Buffer.from([5, 0]))]);
    const begins = Buffer.from('-----BEGIN A-----\n'.repeat(4000) + '-----END B-----\n').toString('base64');
    const began = performance.now();
    for (const request of [nested, siblings, Buffer.alloc(DER_BYTES_MAX + 1)].map((b) => pem('CERTIFICATE REQUEST', b)))
      expect(readSignedRequest(request)).toHaveProperty('problem');
    expect(readSignedRequest(begins)).toHaveProperty('problem');
    expect(readSignedRequest('A'.repeat(1_000_000))).toHaveProperty('problem');
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

describe('a certificate', () => {
  let certificate = '';
  const end = Date.UTC(2026, 5, 1);
  beforeAll(async () => {
    certificate = await testCertificate(new Date(end));
  });
  it('is read as far as its end', () => {
    expect(certificateProblem(certificate)).toBeUndefined();
    expect(certificateEnd(certificate)).toBe(end);
  });
  it('may be followed by others, and by nothing else', () => {
    const text = Buffer.from(certificate, 'base64').toString();
    const problemOf = (whole: string): string | undefined => certificateProblem(Buffer.from(whole).toString('base64'));
    expect(problemOf(text + text)).toBeUndefined();
    expect(problemOf(text + text.replaceAll('CERTIFICATE', 'PRIVATE KEY'))).toBe(
      'only CERTIFICATE PEM blocks are allowed, found "PRIVATE KEY"',
    );
    expect(problemOf('none')).toBe('must contain at least one CERTIFICATE PEM block');
    expect(problemOf(text.replace('-----\n', '-----\nKey: value\n\n'))).toBe('no PEM block headers are permitted');
    expect(certificateProblem(pem('CERTIFICATE', Buffer.from('none')))).toBe('x509: malformed certificate');
  });
});
