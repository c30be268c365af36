import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DEFAULT_ISSUER } from './api.js';
import { issueToken } from './issue-token.js';
import { TestServer } from './testing/test-server.js';
import { Tokens } from './tokens.js';

describe('bearer tokens', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => server.stop());

  const tokensOf = (): Tokens =>
    new Tokens({
      keys: server.keys,
      issuer: DEFAULT_ISSUER,
      current: () => server.backend.current(),
      now: () => server.backend.now(),
    });
  const owner = (tokens: Tokens, token: string) => tokens.owner(token, [DEFAULT_ISSUER]);

  async function good(id: string): Promise<string> {
    const view = server.backend.current();
    const account = view.get({ id: 'core.serviceaccounts' }, 'default', 'robot');
    if (!account) throw new Error('no account');
    const wish = { namespace: 'default', account, audiences: [], expirationSeconds: 600 };
    const given = { issuer: DEFAULT_ISSUER, now: server.backend.now(), id, view };
    return (await issueToken(server.keys, wish, given)).token;
  }

  it('are cached only when they were verified, and not by their text', async () => {
    await server.create('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'robot' } });
    const tokens = tokensOf();
    const token = await good('1');
    const [head, payload] = token.split('.');
    for (let i = 0; i < 50; i++) {
      expect(await owner(tokens, `nonsense-${i}`)).toHaveProperty('error');
      expect(await owner(tokens, `${head}.${payload}.forged${i}`)).toHaveProperty('error');
    }
    expect(tokens.cached).toBe(0);
    expect(await owner(tokens, token)).toMatchObject({ user: { name: 'system:serviceaccount:default:robot' } });
    expect(await owner(tokens, token)).toMatchObject({ user: { name: 'system:serviceaccount:default:robot' } });
    expect(tokens.cached).toBe(1);
  });

  it('of more than 16 KiB are refused before anything in them is read', async () => {
    const tokens = new Tokens({
      keys: { verifyToken: () => Promise.reject(new Error('was read')) },
      issuer: DEFAULT_ISSUER,
      current: () => server.backend.current(),
      now: () => server.backend.now(),
    });
    const payload = Buffer.from(JSON.stringify({ iss: DEFAULT_ISSUER })).toString('base64url');
    await expect(owner(tokens, `x.${payload}.y`)).rejects.toThrow('was read');
    expect(await owner(tokens, `x.${payload}.${'y'.repeat(16 * 1024)}`)).toEqual({ error: 'invalid bearer token' });
  });
});
