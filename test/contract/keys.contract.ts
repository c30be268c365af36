import { generateKeyPair, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import { connect as tlsConnect, createServer, type TLSSocket } from 'node:tls';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import type { Keys } from '#ports';

/** What every key store promises. `reopen` opens the same store again, as after a restart. */
export function keysContract(name: string, create: () => Promise<{ keys: Keys; reopen: () => Promise<Keys> }>): void {
  describe(`keys contract: ${name}`, () => {
    it('issues certificates that the CA vouches for, with names, groups and usage', async () => {
      const { keys } = await create();
      const ca = new X509Certificate(keys.caCertificate);
      const issued = await keys.issueCertificate({
        commonName: 'someone',
        organizations: ['first', 'second'],
        dnsNames: ['a.example'],
        ipAddresses: ['127.0.0.1'],
        usage: 'both',
      });
      const certificate = new X509Certificate(issued.certificate);
      expect(ca.ca).toBe(true);
      expect(certificate.ca).toBe(false);
      expect(certificate.verify(ca.publicKey)).toBe(true);
      expect(certificate.subject).toBe('O=first\nO=second\nCN=someone');
      expect(certificate.subjectAltName).toBe('DNS:a.example, IP Address:127.0.0.1');
      expect(certificate.keyUsage).toEqual(expect.arrayContaining(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']));
    });

    it('signs for the key of somebody else what is wanted, and nothing else', async () => {
      const { keys } = await create();
      const { publicKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
      const now = Date.UTC(2026, 0, 1);
      const wanted = {
        subject: [
          { oid: '2.5.4.10', value: 'devs' },
          { oid: '2.5.4.10', value: '#0c0e73797374656d3a6d617374657273' },
          { oid: '2.5.4.3', value: 'jane\nO=system:masters' },
        ],
        dnsNames: ['a.example'],
        emailAddresses: ['jane@a.example'],
        ipAddresses: ['10.0.0.7', 'fd00:0:0:0:0:0:0:1'],
        uris: ['spiffe://a/jane'],
        publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
        usages: ['digital signature', 'key encipherment', 'client auth'],
        begins: now,
        ends: now + 3_600_000,
      };
      const certificate = new X509Certificate(await keys.signCertificate(wanted));
      expect(certificate.checkIssued(new X509Certificate(keys.caCertificate))).toBe(true);
      expect(certificate.verify(new X509Certificate(keys.caCertificate).publicKey)).toBe(true);
      expect(certificate.ca).toBe(false);
      expect({ ...certificate.toLegacyObject().subject }).toEqual({
        O: ['devs', '#0c0e73797374656d3a6d617374657273'],
        CN: 'jane\nO=system:masters',
      });
      expect(certificate.subjectAltName).toBe(
        'DNS:a.example, email:jane@a.example, IP Address:10.0.0.7, IP Address:FD00:0:0:0:0:0:0:1, URI:spiffe://a/jane',
      );
      expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
      expect(certificate.publicKey.equals(publicKey)).toBe(true);
      expect([certificate.validFromDate, certificate.validToDate]).toEqual([new Date(now), new Date(wanted.ends)]);
      for (const usage of ['cert sign', 'crl sign', 'code signing', 'any'])
        await expect(keys.signCertificate({ ...wanted, usages: [usage] })).rejects.toThrow(
          `no certificates for ${usage}`,
        );
    });
    it('signs nothing beyond the end of its CA', async () => {
      const { keys } = await create();
      const ca = new X509Certificate(keys.caCertificate);
      const { publicKey } = await promisify(generateKeyPair)('ed25519', {});
      const none = { dnsNames: [], emailAddresses: [], ipAddresses: [], uris: [] };
      const wanted = {
        ...{ subject: [], usages: [], ...none, begins: Date.UTC(2026, 0), ends: Date.UTC(2200, 0) },
        publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
      };
      expect(new X509Certificate(await keys.signCertificate(wanted)).validToDate).toEqual(ca.validToDate);
    });

    it('has a CA of its own for the front proxy, which vouches for that certificate alone', async () => {
      const { keys, reopen } = await create();
      const [proxy, cluster] = [new X509Certificate(keys.frontProxyCa), new X509Certificate(keys.caCertificate)];
      const issued = await keys.issueFrontProxyCertificate();
      const certificate = new X509Certificate(issued.certificate);
      expect(certificate.subject).toBe('CN=front-proxy-client');
      expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
      expect([certificate.verify(proxy.publicKey), certificate.verify(cluster.publicKey)]).toEqual([true, false]);
      expect([certificate.checkIssued(proxy), proxy.ca]).toEqual([true, true]);
      expect(keys.isFrontProxyCertificateDue(issued.certificate)).toBe(false);
      const other = await keys.issueCertificate({ commonName: 'front-proxy-client', usage: 'client' });
      expect(keys.isFrontProxyCertificateDue(other.certificate)).toBe(true);
      expect((await reopen()).frontProxyCa).toBe(keys.frontProxyCa);
    });

    it('serves mutual TLS', async () => {
      const { keys } = await create();
      const server = await keys.issueCertificate({ commonName: 'server', ipAddresses: ['127.0.0.1'], usage: 'server' });
      const client = await keys.issueCertificate({ commonName: 'client', usage: 'client' });
      const listener = createServer(
        { key: server.privateKey, cert: server.certificate, ca: keys.caCertificate, requestCert: true },
        (socket: TLSSocket) => socket.end(`hello ${String(socket.getPeerCertificate().subject.CN)}`),
      ).listen(0, '127.0.0.1');
      await once(listener, 'listening');
      const { port } = listener.address() as AddressInfo;
      const socket = tlsConnect({
        host: '127.0.0.1',
        port,
        ca: keys.caCertificate,
        key: client.privateKey,
        cert: client.certificate,
      });
      let text = '';
      for await (const chunk of socket) text += String(chunk);
      listener.close();
      expect(text).toBe('hello client');
    });

    it('signs tokens that verify until they expire, also after a restart', async () => {
      const { keys, reopen } = await create();
      const now = Date.UTC(2030, 0, 1);
      const token = await keys.signToken({ sub: 'someone', nbf: now / 1000, exp: now / 1000 + 60 });
      const again = await reopen();
      expect(await again.verifyToken(token, now)).toMatchObject({ claims: { sub: 'someone' } });
      expect(await again.verifyToken(token, now - 1000)).toEqual({ problem: 'early' });
      expect(await again.verifyToken(token, now + 60_000)).toEqual({ problem: 'expired' });
      expect(again.jwks()).toEqual(keys.jwks());
      const header = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string };
      expect(keys.jwks().keys.map((key) => key['kid'])).toContain(header.kid);
      expect(JSON.stringify(keys.jwks())).not.toMatch(/"(d|p|q|dp|dq|qi)":/);
    });

    it('refuses altered, foreign and unsigned tokens', async () => {
      const { keys } = await create();
      const { keys: foreign } = await create();
      const now = Date.now();
      const token = await keys.signToken({ sub: 'someone' });
      const [header = '', , signature = ''] = token.split('.');
      const forged = Buffer.from(JSON.stringify({ sub: 'root' })).toString('base64url');
      const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
      for (const bad of [
        '',
        'x',
        'a.b.c',
        `${header}.${forged}.${signature}`,
        `${none}.${forged}.`,
        await foreign.signToken({ sub: 'x' }),
      ]) {
        expect(await keys.verifyToken(bad, now)).toEqual({ problem: 'signature' });
      }
    });

    it('seals and opens, also after a restart, and never twice alike', async () => {
      const { keys, reopen } = await create();
      const sealed = keys.seal('uid-1', 0, 'geheim ü');
      expect(Buffer.from(sealed, 'base64').toString('latin1')).not.toContain('geheim');
      expect(keys.seal('uid-1', 0, 'geheim ü')).not.toBe(sealed);
      expect((await reopen()).open('uid-1', sealed)).toBe('geheim ü');
    });

    it('reads nothing after a shred, even when the object gets a new key', async () => {
      const { keys, reopen } = await create();
      const other = keys.seal('uid-2', 0, 'kept');
      const sealed = keys.seal('uid-1', 0, 'gone');
      const elsewhere = await reopen();
      expect(elsewhere.open('uid-1', sealed)).toBe('gone');
      await keys.shred('uid-1');
      expect(keys.open('uid-1', sealed)).toBeUndefined();
      expect(elsewhere.open('uid-1', sealed)).toBeUndefined();
      const later = keys.seal('uid-1', 0, 'new');
      expect(keys.open('uid-1', sealed)).toBeUndefined();
      expect(elsewhere.open('uid-1', later)).toBe('new');
      expect(keys.open('uid-2', other)).toBe('kept');
      await keys.shred('never-there');
    });

    it('forgets the versions before one, for good, and keeps all others as they were', async () => {
      const { keys, reopen } = await create();
      const old = [0, 1, 7].map((version) => keys.seal('uid-1', version, `v${version}`));
      const kept = [8, 300].map((version) => keys.seal('uid-1', version, `v${version}`));
      const other = keys.seal('uid-2', 0, 'other');
      const elsewhere = await reopen();
      expect(old.map((sealed) => elsewhere.open('uid-1', sealed))).toEqual(['v0', 'v1', 'v7']);
      await keys.shredVersions('uid-1', 8);
      await keys.shredVersions('uid-1', 3);
      await keys.shredVersions('never-there', 3);
      for (const store of [keys, elsewhere, await reopen()]) {
        expect(old.map((sealed) => store.open('uid-1', sealed))).toEqual([undefined, undefined, undefined]);
        expect(kept.map((sealed) => store.open('uid-1', sealed))).toEqual(['v8', 'v300']);
        expect(store.open('uid-2', other)).toBe('other');
        expect(store.open('uid-1', store.seal('uid-1', 9, 'next'))).toBe('next');
        expect(() => store.seal('uid-1', 7, 'again')).toThrow(/was shredded/);
      }
      expect(keys.hasKey('uid-1')).toBe(true);
      await keys.shred('uid-1');
      expect(kept.map((sealed) => elsewhere.open('uid-1', sealed))).toEqual([undefined, undefined]);
      expect([keys.hasKey('uid-1'), elsewhere.hasKey('never-there')]).toEqual([false, false]);
    });

    it('throws when a sealed text was altered or belongs to another object', async () => {
      const { keys } = await create();
      const bytes = Buffer.from(keys.seal('uid-1', 0, 'text'), 'base64');
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
      expect(() => keys.open('uid-1', bytes.toString('base64'))).toThrow(/altered/);
      expect(() => keys.open('uid-1', 'short')).toThrow(/altered/);
    });
  });
}
