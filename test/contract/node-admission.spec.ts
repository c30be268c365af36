import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  expiryOf,
  MemoryKeyStore,
  NatsAuthority,
  NatsBus,
  newUserKey,
  NodeAdmission,
  NodeRevoked,
  NODE_CREDENTIAL_MS,
  openFileKeys,
  revocations,
  startNatsServer,
  SystemClock,
  VirtualClock,
  type NatsCredentials,
  type NatsServer,
  type StoredKeys,
} from '#adapters';
import { agentPermissions, appPermissions, busRules, decodeMessage, encodeMessage } from '#engine';
import { NodeCredentials } from '#nest';

const HOUR_MS = 3_600_000;

describe('which nodes may be on the bus', () => {
  const clock = new VirtualClock(Date.now());
  const open = async () => {
    const store = new MemoryKeyStore();
    const admission = new NodeAdmission(store, await NatsAuthority.open(store), clock);
    const issue = (node: string): Promise<{ jwt: string }> => admission.issue(node, agentPermissions(node));
    return { store, admission, issue };
  };

  it('gives credentials that end', async () => {
    const { issue } = await open();
    const { jwt } = await issue('n1');
    expect(Math.abs((expiryOf(jwt) ?? 0) - (clock.now() + NODE_CREDENTIAL_MS))).toBeLessThan(2_000);
  });

  it('refuses a revoked node until it is allowed again; what was revoked stays so', async () => {
    const { store, admission, issue } = await open();
    await issue('n1.example');
    await issue('n1.example');
    await issue('n2');
    admission.revoke('n1.example');
    expect(admission.revoked()).toEqual(['n1.example']);
    expect(admission.isRevoked('n1.example')).toBe(true);
    expect(Object.keys(revocations(store))).toHaveLength(2);
    await expect(issue('n1.example')).rejects.toBeInstanceOf(NodeRevoked);
    await issue('n2');
    expect(admission.allow('n1.example')).toBe(true);
    expect(admission.allow('n1.example')).toBe(false);
    await issue('n1.example');
    expect(Object.keys(revocations(store))).toHaveLength(2);
  });

  it('forgets keys whose credentials have ended, so that the lists do not grow', async () => {
    const { store, admission, issue } = await open();
    for (let day = 0; day < 5; day++) {
      await issue('n1');
      admission.revoke('n1');
      admission.allow('n1');
      clock.advance(NODE_CREDENTIAL_MS + 1_000);
    }
    // For a day after their end they are remembered.
    expect(Object.keys(revocations(store)).length).toBeLessThanOrEqual(2);
  });

  it('revokes what a clock that was ahead has issued, and remembers it when the clock is ahead for a while', async () => {
    const { store, admission, issue } = await open();
    clock.step(6 * HOUR_MS);
    const { jwt } = await issue('n1');
    clock.step(-6 * HOUR_MS);
    admission.revoke('n1');
    const issuedAt = (JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as { iat: number }).iat;
    const [since] = Object.values(revocations(store));
    // The bus refuses what was issued until then.
    expect(since).toBeGreaterThanOrEqual(issuedAt);
    clock.step(NODE_CREDENTIAL_MS + 12 * HOUR_MS);
    admission.revoke('n2');
    expect(Object.keys(revocations(store))).toHaveLength(1);
  });

  it('takes no key that was revoked, and a credential that was asked for twice is revoked until its last end', async () => {
    const { store, admission } = await open();
    const { publicKey } = newUserKey();
    const join = (key: string): Promise<{ jwt: string }> => admission.join('n1', agentPermissions('n1'), key);
    await join(publicKey);
    clock.advance(HOUR_MS);
    const { jwt } = await join(publicKey);
    admission.remove('n1');
    expect(revocations(store)[publicKey]).toBe((expiryOf(jwt) ?? 0) / 1000);
    await expect(join(publicKey)).rejects.toThrow('The key of this machine was revoked');
    // It has not let the node in again either.
    expect(admission.isRevoked('n1')).toBe(true);
    const { publicKey: another } = newUserKey();
    await join(another);
    await expect(admission.issue('n1', agentPermissions('n1'), publicKey)).rejects.toThrow('was revoked');
    expect(admission.keysOf('n1')).toEqual([another]);
    clock.advance(NODE_CREDENTIAL_MS + 2_000);
    expect(admission.keysOf('n1')).toEqual([]);
    expect(admission.endOf('n1')).toBeUndefined();
  });

  it('takes public keys of users only', async () => {
    const { admission } = await open();
    for (const key of ['', 'x', 'U'.repeat(56), `A${newUserKey().publicKey.slice(1)}`, '../../ca.pem'])
      await expect(admission.issue('n1', agentPermissions('n1'), key)).rejects.toThrow('public key');
  });
});

describe('a node on a real bus', () => {
  let home: string;
  let keys: StoredKeys;
  let server: NatsServer;
  let admission: NodeAdmission;
  const open: { close(): unknown }[] = [];
  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'shiplog-admission-'));
    keys = await openFileKeys(home);
    const authority = await NatsAuthority.open(keys.store);
    server = await startNatsServer({ home, keys, authority });
    admission = new NodeAdmission(keys.store, authority, new SystemClock());
  });
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
    await server.stop();
    rmSync(home, { recursive: true });
  });
  const connect = async (credentials: NatsCredentials): Promise<NatsBus> => {
    const bus = await NatsBus.connect(credentials, { name: 'test', rules: busRules });
    open.push(bus);
    return bus;
  };
  const place = () => ({ url: server.url, ca: keys.caCertificate });
  const health = async (): Promise<NatsBus> => {
    const authority = await NatsAuthority.open(keys.store);
    return connect({ ...place(), ...(await authority.issueUser('health', appPermissions(['health'], 'health'))) });
  };

  it('is cut off as soon as it is revoked, and does not come back; others stay', async () => {
    const node = await connect({ ...place(), ...(await admission.issue('n1', agentPermissions('n1'))) });
    const other = await connect({ ...place(), ...(await admission.issue('n2', agentPermissions('n2'))) });
    const states: boolean[] = [];
    node.onConnection((connected) => states.push(connected));
    // A reload lets the server's other clients connect anew.
    let isOtherHere = true;
    other.onConnection((connected) => (isOtherHere = connected));
    admission.revoke('n1');
    server.reload(await NatsAuthority.open(keys.store));
    while (states.at(-1) !== false) await sleep(10);
    await sleep(2_000);
    while (!isOtherHere) await sleep(10);
    expect(states.at(-1)).toBe(false);
  });

  it('renews its credential with a key of its own, over its own subject, and goes on with it after a restart', async () => {
    const asked: string[] = [];
    (await health()).subscribe('report.*.credential', async (data, subject) => {
      const { publicKey } = decodeMessage(data) as unknown as { publicKey: string };
      asked.push(subject);
      return encodeMessage({ jwt: (await admission.issue('n1', agentPermissions('n1'), publicKey)).jwt });
    });
    const given = join(home, 'given.json');
    const renewed = join(home, 'agent', 'renewed.json');
    const { jwt, seed, inbox } = await admission.issue('n1', agentPermissions('n1'));
    writeFileSync(given, JSON.stringify({ ...place(), jwt, seed, inbox }), { mode: 0o600 });
    const clock = new VirtualClock(Date.now());
    const problems: string[] = [];
    const options = { node: 'n1', given, renewed, clock, onProblem: (problem: string) => problems.push(problem) };
    const held = new NodeCredentials(options);
    const bus = await connect(held);
    held.keepFresh(bus);
    clock.advance(NODE_CREDENTIAL_MS * 0.6);
    expect(asked).toEqual([]);
    // Long enough ago for a new one to have a later end; the clock of the admission stands.
    await sleep(1_100);
    clock.advance(NODE_CREDENTIAL_MS * 0.1);
    while (!existsSync(renewed)) await sleep(10);
    held.stop();
    expect(problems).toEqual([]);
    expect(asked[0]).toBe('report.n1.credential');
    expect(statSync(renewed).mode & 0o777).toBe(0o600);
    expect(readFileSync(renewed, 'utf8')).not.toContain(seed);
    const again = new NodeCredentials(options);
    expect(again.jwt).not.toBe(jwt);
    const back = await connect(again);
    expect(back.connection.isClosed()).toBe(false);
  });
});
