import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  FileKeyStore,
  issueApiCertificate,
  KeyRotation,
  NatsAuthority,
  NatsBus,
  startNatsServer,
  StoredKeys,
  VirtualClock,
  type NatsServer,
} from '#adapters';
import { appPermissions, busRules } from '#engine';
import { createApi, createApiServer, renewTls } from '#http';
import { TestServer } from '../../libs/http/src/testing/test-server.js';

const DAY_MS = 86_400_000;
let home: string;
let clock: VirtualClock;
let keys: StoredKeys;
let rotation: KeyRotation;
const problems: unknown[] = [];
const open: { close(): unknown }[] = [];

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'shiplog-renewal-'));
  // What is issued then and now is good by the clock of this machine too.
  clock = new VirtualClock(Date.now() - 230 * DAY_MS);
  keys = await StoredKeys.open(new FileKeyStore(join(home, 'keys')), { now: () => clock.now() });
  rotation = new KeyRotation({ keys, clock, rotates: () => true, onProblem: (cause) => problems.push(cause) });
});
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
  rmSync(home, { recursive: true });
  expect(problems.splice(0)).toEqual([]);
});

const renewByHand = (name: 'ca' | 'certificates'): Promise<void> =>
  keys.rotating[name].add({ made: clock.now(), signs: clock.now(), by: 'test' });

/** The certificate that a server shows to a client that trusts these CAs. */
async function shownTo(ca: string, port: number): Promise<string> {
  const socket = await new Promise<TLSSocket>((resolve, reject) => {
    const made = connectTls({ host: '127.0.0.1', port, ca, servername: 'localhost' }, () => resolve(made));
    made.once('error', reject);
  });
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

describe("the bus's certificate", () => {
  let server: NatsServer;
  let authority: NatsAuthority;
  beforeEach(async () => {
    authority = await NatsAuthority.open(keys.store);
    server = await startNatsServer({ home, keys, authority });
    open.push({ close: () => server.stop() });
    await rotation.keep(() => server.renewCertificate());
  });

  /** NATS begins without TLS: a client of its protocol looks at the certificate. */
  async function connectBus(ca: () => string): Promise<NatsBus> {
    const user = await authority.issueUser('api', appPermissions(['api'], 'api'));
    const credentials = {
      url: server.url,
      get ca() {
        return ca();
      },
      ...user,
    };
    const bus = await NatsBus.connect(credentials, {
      name: 'test',
      rules: busRules,
      signal: AbortSignal.timeout(5000),
    });
    open.push(bus);
    return bus;
  }

  it('is renewed without a restart, and clients that know the old CA only still come', async () => {
    const oldCa = keys.caCertificate;
    const { pid } = server;
    const bus = await connectBus(() => oldCa);
    let isConnected = true;
    bus.onConnection((connected) => (isConnected = connected));
    const files = (): string => readFileSync(join(home, 'nats', 'server.crt'), 'utf8');
    const first = files();
    await rotation.look();
    expect(files()).toBe(first);
    clock.advance(230 * DAY_MS);
    await rotation.look();
    const second = files();
    expect(second).not.toBe(first);
    await renewByHand('ca');
    await rotation.look();
    expect(files()).not.toBe(second);
    // nats-server lets all clients connect anew when it reads its configuration again.
    await sleep(1000);
    while (!isConnected) await sleep(10);
    expect(server.pid).toBe(pid);
    const [newCa = ''] = keys.caCertificate.split(/(?<=-----END CERTIFICATE-----\n)/);
    expect(newCa).not.toBe(oldCa);
    await connectBus(() => oldCa);
    await connectBus(() => newCa);
  });

  it('is checked by the CA that is known when a client comes back', async () => {
    const stranger = await StoredKeys.open(new FileKeyStore(join(home, 'other')));
    let ca = keys.caCertificate;
    const bus = await connectBus(() => ca);
    let isConnected = true;
    bus.onConnection((connected) => (isConnected = connected));
    ca = stranger.caCertificate;
    await bus.connection.reconnect();
    while (isConnected) await sleep(10);
    await sleep(1000);
    expect(isConnected).toBe(false);
    ca = keys.caCertificate;
    while (!isConnected) await sleep(10);
  });
});

describe("the API's certificate", () => {
  it('is renewed while requests and watches go on, under the old CA and the new', async () => {
    const behind = await TestServer.start({ keys });
    await behind.makeRoles();
    open.push({ close: () => behind.stop() });
    const api = createApi({ backend: behind.backend, keys, address: 'localhost' });
    let tls = { ...(await issueApiCertificate(keys)), clientCa: keys.caCertificate };
    const server = createApiServer(api, tls);
    open.push(server);
    await rotation.keep(async () => {
      if (!keys.isCertificateDue(tls.certificate)) return;
      tls = { ...(await issueApiCertificate(keys)), clientCa: keys.caCertificate };
      renewTls(server, tls);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const admin = (): Promise<{ certificate: string; privateKey: string }> =>
      keys.issueCertificate({ commonName: 'ada', organizations: ['system:masters'], usage: 'client' });
    const oldCa = keys.caCertificate;
    const oldAdmin = await admin();
    const codeOf = (ca: string, client: { certificate: string; privateKey: string }): Promise<number> =>
      new Promise((resolve, reject) => {
        const { certificate: cert, privateKey: key } = client;
        const to = { host: '127.0.0.1', port, servername: 'localhost', path: '/api/v1/namespaces' };
        request({ ...to, ca, cert, key, agent: false }, (answer) => {
          answer.resume();
          resolve(answer.statusCode ?? 0);
        })
          .on('error', reject)
          .end();
      });
    const session = connectHttp2(`https://localhost:${port}`, {
      host: '127.0.0.1',
      ca: oldCa,
      cert: oldAdmin.certificate,
      key: oldAdmin.privateKey,
    });
    open.push({ close: () => session.destroy() });
    const watch = session.request({ ':path': '/api/v1/namespaces?watch=true' });
    let seen = '';
    watch.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    while (!seen.includes('other')) await sleep(10);
    const first = await shownTo(oldCa, port);

    await renewByHand('certificates');
    await rotation.look();
    const second = await shownTo(oldCa, port);
    expect(second).not.toBe(first);
    await renewByHand('ca');
    await rotation.look();
    expect(await shownTo(oldCa, port)).not.toBe(second);
    expect(await codeOf(oldCa, oldAdmin)).toBe(200);
    expect(await codeOf(keys.caCertificate, await admin())).toBe(200);
    await behind.create('/api/v1/namespaces', { metadata: { name: 'later' } });
    while (!seen.includes('later')) await sleep(10);
    expect(session.destroyed || watch.closed).toBe(false);
  });
});
