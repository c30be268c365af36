import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, readSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCipheriv, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  issueApiCertificate,
  MemoryKeyStore,
  openFileKeys,
  openMemoryKeys,
  StoredKeys,
  writeKubeconfig,
} from '#adapters';
import { keysContract } from './keys.contract.js';

let folder: string;
let count = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shiplog-keys-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

keysContract('file', async () => {
  const home = join(folder, String(count++));
  return { keys: await openFileKeys(home), reopen: () => openFileKeys(home) };
});
keysContract('memory', async () => {
  const keys = await openMemoryKeys();
  return { keys, reopen: () => StoredKeys.open(keys.store) };
});

describe('file keys', () => {
  it('keeps folders and files to their owner, and no clear keys of objects', async () => {
    const home = join(folder, 'modes');
    const keys = await openFileKeys(home);
    keys.seal('uid-1', 0, 'text');
    expect(statSync(join(home, 'keys')).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(join(home, 'keys'), { recursive: true, encoding: 'utf8' })) {
      const { mode } = statSync(join(home, 'keys', name));
      expect([name, mode & 0o077]).toEqual([name, 0]);
      expect(name).not.toMatch(/\.new$/);
    }
  });

  it('reads what an older build sealed with the one key of an object, until its versions are forgotten', async () => {
    const store = new MemoryKeyStore();
    const master = Buffer.alloc(32, 9);
    store.createOnce('master.key', `${master.toString('base64')}\n`);
    const keys = await StoredKeys.open(store);
    const gcm = (key: Buffer, clear: Buffer): Buffer => {
      const cipher = createCipheriv('aes-256-gcm', key, Buffer.alloc(12, 1)).setAAD(Buffer.from('uid-1'));
      const body = Buffer.concat([cipher.update(clear), cipher.final()]);
      return Buffer.concat([Buffer.alloc(12, 1), cipher.getAuthTag(), body]);
    };
    const key = Buffer.alloc(32, 5);
    keys.store.createOnce('objects/uid-1', `0102030405060708 ${gcm(master, key).toString('base64')}\n`);
    const head = Buffer.from([1, 1, 2, 3, 4, 5, 6, 7, 8]);
    const sealed = Buffer.concat([head, gcm(key, Buffer.from('old'))]).toString('base64');
    expect(keys.open('uid-1', sealed)).toBe('old');
    const newer = keys.seal('uid-1', 4, 'newer');
    expect(keys.open('uid-1', newer)).toBe('newer');
    await keys.shredVersions('uid-1', 4);
    expect([keys.open('uid-1', sealed), keys.open('uid-1', newer)]).toEqual([undefined, 'newer']);
  });

  it('overwrites what older versions were derived from, and leaves no other file', async () => {
    const home = join(folder, 'versions');
    const keys = await openFileKeys(home);
    keys.seal('uid-1', 0, 'text');
    const path = join(home, 'keys', 'objects', 'uid-1');
    const before = readFileSync(path);
    // Stands for whoever looks at the disk itself.
    const file = openSync(path, 'r');
    await keys.shredVersions('uid-1', 1);
    const after = Buffer.alloc(before.length);
    expect(readSync(file, after, 0, after.length, 0)).toBe(before.length);
    closeSync(file);
    expect(after.includes(before.subarray(20, 60))).toBe(false);
    expect(readdirSync(join(home, 'keys', 'objects'))).toEqual(['uid-1']);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('agrees on one CA and one master key when opened twice at once', async () => {
    const home = join(folder, 'race');
    const [one, two] = await Promise.all([openFileKeys(home), openFileKeys(home)]);
    expect(one.caCertificate).toBe(two.caCertificate);
    expect(one.jwks()).toEqual(two.jwks());
    expect(two.open('uid', one.seal('uid', 0, 'text'))).toBe('text');
  });

  it('writes a kubeconfig once and keeps it while it is good', async () => {
    const keys = await openFileKeys(join(folder, 'kubeconfig'));
    const path = join(folder, 'kubeconfig', 'kubeconfig');
    await writeKubeconfig(keys, path, 'https://127.0.0.1:6443');
    const text = readFileSync(path, 'utf8');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(text).toContain(Buffer.from(keys.caCertificate).toString('base64').slice(0, 40));
    await writeKubeconfig(keys, path, 'https://127.0.0.1:6443');
    expect(readFileSync(path, 'utf8')).toBe(text);
    await writeKubeconfig(keys, path, 'https://127.0.0.1:7443');
    expect(readFileSync(path, 'utf8')).toContain('server: https://127.0.0.1:7443');
  });

  it('names the API by all its names', async () => {
    const keys = await openMemoryKeys();
    const { certificate } = await issueApiCertificate(keys, ['api.example', '192.0.2.7']);
    const names = new X509Certificate(certificate).subjectAltName ?? '';
    for (const name of ['DNS:kubernetes.default.svc.cluster.local', 'DNS:localhost', 'DNS:api.example']) {
      expect(names).toContain(name);
    }
    for (const address of ['127.0.0.1', '10.96.0.1', '192.0.2.7']) expect(names).toContain(`IP Address:${address}`);
  });
});
