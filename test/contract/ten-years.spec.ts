import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import {
  expiryOf,
  issueApiCertificate,
  KeyRotation,
  MemoryKeyStore,
  NatsAuthority,
  NodeAdmission,
  StoredKeys,
  VirtualClock,
  writeKubeconfig,
  type KeyChange,
} from '#adapters';
import { agentPermissions } from '#engine';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = 365 * DAY_MS;
const STEP_MS = 7 * DAY_MS;
const START = Date.UTC(2026, 5, 1);
/** How old a copy of the kubeconfig may be for the API to know its user; what docs/keys.md says. */
const COPY_DAYS = 140;

/** A process that has the key store open, as the API, or the health app beside it. */
class Process {
  readonly changes: KeyChange[] = [];
  readonly problems: unknown[] = [];
  tls = { certificate: '', privateKey: '', clientCa: '' };
  bus = { certificate: '', privateKey: '' };
  private constructor(
    readonly keys: StoredKeys,
    readonly rotation: KeyRotation,
  ) {}

  static async start(store: MemoryKeyStore, clock: VirtualClock, kubeconfig?: string): Promise<Process> {
    const keys = await StoredKeys.open(store, { now: () => clock.now() });
    const rotation: KeyRotation = new KeyRotation({
      keys,
      clock,
      rotates: () => kubeconfig !== undefined,
      onProblem: (cause) => self.problems.push(cause),
    });
    const self: Process = new Process(keys, rotation);
    rotation.onChange((change) => self.changes.push(change));
    if (kubeconfig !== undefined) await rotation.keep(() => self.renew(kubeconfig));
    return self;
  }

  private async renew(kubeconfig: string): Promise<void> {
    const { keys } = this;
    if (keys.isCertificateDue(this.tls.certificate) || this.tls.clientCa !== keys.caCertificate)
      this.tls = { ...(await issueApiCertificate(keys)), clientCa: keys.caCertificate };
    if (keys.isCertificateDue(this.bus.certificate))
      this.bus = await keys.issueCertificate({ commonName: 'nats', usage: 'server', ipAddresses: ['127.0.0.1'] });
    await writeKubeconfig(keys, kubeconfig, 'https://127.0.0.1:6443');
  }
}

/** What a client holds that has read the kubeconfig. */
interface Copy {
  readonly at: number;
  readonly ca: string;
  readonly certificate: string;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shiplog-decade-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function readKubeconfig(path: string, at: number): Copy {
  const config = parse(readFileSync(path, 'utf8')) as {
    clusters: { cluster: Record<string, string> }[];
    users: { user: Record<string, string> }[];
  };
  const decoded = (text: string | undefined): string => Buffer.from(text ?? '', 'base64').toString();
  return {
    at,
    ca: decoded(config.clusters[0]?.cluster['certificate-authority-data']),
    certificate: decoded(config.users[0]?.user['client-certificate-data']),
  };
}

const certificatesIn = (pem: string): readonly X509Certificate[] =>
  pem.split(/(?<=-----END CERTIFICATE-----\n)/).map((one) => new X509Certificate(one));

/**
 * Whether a chain that somebody sends leads to one of the trusted CAs at a moment, every signature and every date checked. TLS
 * libraries do the same, but by the clock of the machine; certificate-renewal.spec.ts has them do it.
 */
function leadsTo(trusted: string, chain: string, at: number): boolean {
  const [leaf, ...links] = certificatesIn(chain);
  const roots = certificatesIn(trusted);
  const isGood = (one: X509Certificate): boolean => one.validFromDate.getTime() <= at && at < one.validToDate.getTime();
  const isBy = (one: X509Certificate, issuer: X509Certificate): boolean =>
    issuer.ca && one.checkIssued(issuer) && one.verify(issuer.publicKey);
  const climb = (one: X509Certificate, left: number): boolean =>
    isGood(one) &&
    (roots.some((root) => isGood(root) && isBy(one, root)) ||
      (left > 0 && links.some((link) => isBy(one, link) && climb(link, left - 1))));
  return leaf !== undefined && climb(leaf, links.length);
}

describe('ten years without a hand', () => {
  it('nobody who came back in time is ever refused, and nothing piles up', async () => {
    const clock = new VirtualClock(START);
    const store = new MemoryKeyStore();
    const kubeconfig = join(folder, 'kubeconfig');
    let api = await Process.start(store, clock, kubeconfig);
    const health = await Process.start(store, clock);
    const admission = new NodeAdmission(store, await NatsAuthority.open(store), clock);
    const made: KeyChange[] = [];
    const copies: Copy[] = [];
    const sealed: [string, string][] = [];
    const apiCertificates = new Set<string>();
    // One is away for weeks, one for two years at a time.
    const agents = [30 * DAY_MS, 2 * YEAR_MS].map((awayMs) => ({ ca: api.keys.caCertificate, since: START, awayMs }));
    let token = await api.keys.signToken({ sub: 'x', exp: (START + STEP_MS + DAY_MS) / 1000 });

    for (let at = START; at < START + 10 * YEAR_MS; at += STEP_MS) {
      const where = new Date(clock.now()).toISOString();
      const isNewYear = Math.floor((at - START) / YEAR_MS) > Math.floor((at - STEP_MS - START) / YEAR_MS);
      if (isNewYear) {
        // A process is started again once a year; what it holds in memory is gone.
        made.push(...api.changes);
        expect(api.problems).toEqual([]);
        api = await Process.start(store, clock, kubeconfig);
        sealed.push([`uid-${at}`, api.keys.seal(`uid-${at}`, 0, `clear ${at}`)]);
      }
      clock.advance(STEP_MS - HOUR_MS);
      await api.rotation.look();
      await health.rotation.look();
      // Whoever verifies tokens elsewhere has read the key set an hour ago.
      const keySet = JSON.stringify(api.keys.jwks());
      clock.advance(HOUR_MS);
      await api.rotation.look();
      await health.rotation.look();
      const now = clock.now();

      const { tls, bus, keys } = api;
      apiCertificates.add(tls.certificate);
      const left = certificatesIn(tls.certificate)[0]?.validToDate.getTime() ?? 0;
      expect([where, left - now > YEAR_MS / 3]).toEqual([where, true]);
      copies.push(readKubeconfig(kubeconfig, now));
      while ((copies[0]?.at ?? now) < now - YEAR_MS) copies.shift();
      for (const { ca, certificate, at: copied } of [copies[0], copies.at(-1)].filter((copy) => copy !== undefined)) {
        expect([where, 'knows the API', leadsTo(ca, tls.certificate, now)]).toEqual([where, 'knows the API', true]);
        if (copied < now - COPY_DAYS * DAY_MS) continue;
        expect([where, 'is known', leadsTo(tls.clientCa, certificate, now)]).toEqual([where, 'is known', true]);
      }
      const due = copies.find(({ at: copied }) => copied >= now - COPY_DAYS * DAY_MS);
      expect([where, leadsTo(tls.clientCa, due?.certificate ?? '', now)]).toEqual([where, true]);

      for (const one of agents) {
        expect([where, one.since, leadsTo(one.ca, bus.certificate, now)]).toEqual([where, one.since, true]);
        if (now < one.since + one.awayMs) continue;
        // The signature of a credential takes the library longer than all else here.
        if (one.awayMs >= YEAR_MS) {
          const { jwt } = await admission.issue('n1', agentPermissions('n1'));
          expect(expiryOf(jwt) ?? 0).toBeGreaterThan(now + 16 * HOUR_MS);
        }
        one.ca = health.keys.caCertificate;
        one.since = now;
      }

      // Signed with the last step: by the other process, every second time.
      expect([where, await api.keys.verifyToken(token, now)]).toEqual([where, { claims: expect.anything() }]);
      const signer = at % (2 * STEP_MS) === 0 ? api : health;
      token = await signer.keys.signToken({ sub: 'x', exp: Math.floor((now + STEP_MS + DAY_MS) / 1000) });
      const { kid } = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string };
      expect([where, keySet.includes(kid)]).toEqual([where, true]);

      for (const [uid, text] of sealed)
        for (const one of [keys, health.keys])
          expect([where, one.open(uid, text)?.startsWith('clear')]).toEqual([where, true]);
    }

    made.push(...api.changes);
    expect([api.problems, health.problems]).toEqual([[], []]);
    const count = (key: string, did: string): number => made.filter((one) => one.key === key && one.did === did).length;
    expect(count('ca', 'signs')).toBe(1);
    expect(count('ca', 'dropped')).toBe(1);
    expect(count('tokens', 'signs')).toBeGreaterThan(15);
    expect(count('master', 'signs')).toBeGreaterThan(8);
    expect(apiCertificates.size).toBeGreaterThan(14);
    expect(store.list('ca').length).toBeLessThanOrEqual(2);
    expect(store.list('token-keys').length).toBeLessThanOrEqual(2);
    expect(store.list('token-ends').length).toBeLessThanOrEqual(4);
    expect(store.list('master').length).toBeLessThanOrEqual(2);
    // The first CA has been gone for years, and so has all that it signed.
    expect(
      certificatesIn(api.keys.caCertificate).some(({ validFromDate }) => validFromDate.getTime() < START + YEAR_MS),
    ).toBe(false);
  });
});
