import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openEventLog, openFileKeys, restrictEventStore, withLogin } from '#adapters';
import type { NewEvent } from '#model';
import type { EventLog } from '#ports';
import { StandInEsdb } from '../../support/esdb/server.js';

const PATIENCE = { answerMs: 2000, giveUpMs: 2000 };
let folder: string;
let server: StandInEsdb;
let url: string;
const administrator = { username: 'admin', password: 'first-secret' };
const writer = { username: 'shiplog-api', password: 'w/r:i@ter' };
const reader = { username: 'shiplog-feed', password: 'reader' };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shiplog-access-'));
  const keys = await openFileKeys(folder);
  const names = { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] };
  const issued = await keys.issueCertificate({ commonName: 'event-store', usage: 'both', keyType: 'rsa', ...names });
  server = await StandInEsdb.start({
    port: 0,
    secure: {
      certificate: Buffer.from(issued.certificate),
      privateKey: Buffer.from(issued.privateKey),
      administratorPassword: administrator.password,
    },
  });
  const ca = join(folder, 'ca.crt');
  writeFileSync(ca, keys.caCertificate);
  url = `esdb://127.0.0.1:${server.port}?tls=true&tlsCaFile=${ca}`;
});
afterAll(() => {
  server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const open = (spec: string, mode: 'read' | 'write'): Promise<EventLog> =>
  openEventLog(spec, { mode, cluster: 'c', patience: PATIENCE });

const event = (id: string): NewEvent => ({
  id,
  type: 'Created',
  time: '2026-01-01T00:00:00.000Z',
  data: {},
  metadata: { epoch: 1, actor: 'a', via: 'api', correlationId: id, schemaVersion: 1 },
});

describe('the access to an event store', () => {
  it('is for nobody but the logins that it was restricted to', async () => {
    await restrictEventStore({ url, administrator, writers: [writer], readers: [reader] });

    await expect(open(url, 'read')).rejects.toThrow(/Access Denied|AccessDenied|PERMISSION_DENIED/i);
    await expect(open(withLogin(url, { ...writer, password: 'wrong' }), 'read')).rejects.toThrow(/UnAuthenticated/i);
    // A login of the server that is not Shiplog's.
    await expect(open(withLogin(url, administrator).replace('first-secret', 'changeit'), 'read')).rejects.toThrow();
  });

  it('lets the writer append and the others read', async () => {
    const log = await open(withLogin(url, writer), 'write');
    const { position } = await log.append('core.configmaps/default/a', event(crypto.randomUUID()), -1);
    await log.close();

    const read = await open(withLogin(url, reader), 'read');
    const seen: string[] = [];
    for await (const batch of read.readAll(0)) seen.push(...batch.map(({ stream }) => stream));
    expect(seen).toContain('core.configmaps/default/a');
    expect(await read.head()).toBeGreaterThanOrEqual(position);
    await expect(read.append('core.configmaps/default/b', event(crypto.randomUUID()), -1)).rejects.toThrow();
    await read.close();
    expect(server.store.stream('shiplog.c/core.configmaps/default/b')).toBeUndefined();
  });

  it('is restricted again to other logins and passwords', async () => {
    const changed = { ...writer, password: 'changed' };
    await restrictEventStore({ url, administrator, writers: [changed], readers: [] });

    await expect(open(withLogin(url, writer), 'read')).rejects.toThrow(/UnAuthenticated/i);
    await expect(open(withLogin(url, reader), 'read')).rejects.toThrow(/denied/i);
    await (await open(withLogin(url, changed), 'write')).close();
  });
});
