import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  caHash,
  isBusOpen,
  JoinClient,
  joinTokenOf,
  NatsAuthority,
  NatsBus,
  openFileKeys,
  signingCa,
  startNatsServer,
  writeJoinTokens,
  type JoinToken,
  type NatsServer,
  type StoredKeys,
} from '#adapters';
import { appPermissions, busRules, decodeMessage, encodeMessage } from '#engine';

const TOKEN = joinTokenOf('abc123.0123456789abcdef') as JoinToken;
const OTHER = joinTokenOf('xyz789.fedcba9876543210') as JoinToken;

describe('a machine with a token, on a real bus', () => {
  let home: string;
  let keys: StoredKeys;
  let server: NatsServer;
  let health: NatsBus;
  let address: string;
  const heard: string[] = [];

  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'shiplog-join-'));
    keys = await openFileKeys(home);
    const found = Object.values(networkInterfaces()).flat();
    address = found.find((one) => one?.family === 'IPv4' && !one.internal)?.address ?? '127.0.0.1';
    server = await startNatsServer({
      home,
      keys,
      authority: await NatsAuthority.open(keys.store),
      names: () => [address],
    });
    const authority = await NatsAuthority.open(keys.store);
    const user = await authority.issueUser('health', appPermissions(['health'], 'health'));
    health = await NatsBus.connect(
      { url: server.url, ca: keys.caCertificate, ...user },
      { name: 'health', rules: busRules },
    );
    heard.splice(0);
    health.subscribe('join.*', (data, subject) => {
      heard.push(subject);
      return Promise.resolve(encodeMessage({ heard: decodeMessage(data) }));
    });
  });
  afterEach(async () => {
    await health.close();
    await server.stop();
    rmSync(home, { recursive: true });
  });

  const reload = async (...tokens: JoinToken[]): Promise<void> => {
    writeJoinTokens(keys.store, tokens);
    server.reload(await NatsAuthority.open(keys.store));
  };
  const connect = (token: JoinToken, host = '127.0.0.1', hash = caHash(signingCa(keys))): Promise<JoinClient> =>
    JoinClient.connect({ host, port: Number(new URL(server.url).port), token, caHash: hash });
  /** The server takes its files in a moment after it is told to. */
  const connected = async (token: JoinToken, host?: string): Promise<JoinClient> => {
    for (let i = 0; ; i++) {
      try {
        return await connect(token, host);
      } catch (cause) {
        if (i === 100) throw cause;
        await sleep(50);
      }
    }
  };
  const asked = async (client: JoinClient): Promise<unknown> => {
    for (let i = 0; ; i++) {
      try {
        return await client.ask({ hello: 'there' });
      } catch (cause) {
        // The control plane's own connection comes back a moment after the reload.
        if (i === 100) throw cause;
        await sleep(50);
      }
    }
  };

  it('is heard under the id of its token, and answered; nobody else is let in', async () => {
    await expect(connect(TOKEN)).rejects.toThrow('does not know this token');
    await reload(TOKEN);
    const client = await connected(TOKEN);
    expect(await asked(client)).toEqual({ heard: { hello: 'there' } });
    expect(heard.at(-1)).toBe('join.abc123');
    expect(client.ca).toBe(signingCa(keys).trim() + '\n');
    client.close();
    await expect(connect(OTHER)).rejects.toThrow('does not know this token');
    await expect(connect({ ...TOKEN, secret: OTHER.secret })).rejects.toThrow('does not know this token');
    // Gone with the token.
    await reload(OTHER);
    (await connected(OTHER)).close();
    await expect(connect(TOKEN)).rejects.toThrow('does not know this token');
  });

  it('is told when the control plane is of another cluster, is not called so, cannot be reached or is something else', async () => {
    await reload(TOKEN);
    const wrong = `sha256:${'0'.repeat(64)}`;
    await expect(connect(TOKEN, '127.0.0.1', wrong)).rejects.toThrow(
      `is of another cluster than the token: its CA has the hash ${caHash(signingCa(keys))}, not ${wrong}.`,
    );
    await expect(connect(TOKEN, '127.0.0.2')).rejects.toThrow('cannot be reached (ECONNREFUSED): check the address');
    const target = { token: TOKEN, caHash: wrong, host: '127.0.0.1' };
    await expect(JoinClient.connect({ ...target, port: 1 })).rejects.toThrow('lets TCP port 1 through');
  });

  it('finds the bus on the address of the machine once there was a token, and not before', async () => {
    expect(isBusOpen(keys.store)).toBe(false);
    await expect(connect(TOKEN, address)).rejects.toThrow('ECONNREFUSED');
    await reload(TOKEN);
    expect(isBusOpen(keys.store)).toBe(true);
    await server.open();
    const client = await connected(TOKEN, address);
    expect(await asked(client)).toEqual({ heard: { hello: 'there' } });
    client.close();
    await expect(connect(TOKEN, '127.0.0.3')).rejects.toThrow('The control plane is not called 127.0.0.3');
    await reload();
    expect(isBusOpen(keys.store)).toBe(true);
    const files = ['server.conf', 'server.log'].map((name) => readFileSync(join(home, 'nats', name), 'utf8')).join('');
    expect(files).not.toContain(TOKEN.secret);
  });

  it('can ask for nothing but to join', async () => {
    await reload(TOKEN);
    const client = await connected(TOKEN);
    await asked(client);
    const raw = client as unknown as {
      socket: { send(text: string): void; next(ms: number): Promise<{ head: string }> };
    };
    raw.socket.send('SUB events.> 2\r\nPUB report.n1.sync 2\r\n{}\r\nPUB join.other 2\r\n{}\r\n');
    expect((await raw.socket.next(5_000)).head).toContain('Permissions Violation');
    client.close();
    expect(heard.filter((subject) => subject !== 'join.abc123')).toEqual([]);
  });
});
