import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { objectClaim } from '#model';
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
    const wish = { namespace: 'default', account: objectClaim(account), audiences: [], expirationSeconds: 600 };
    const given = { issuer: DEFAULT_ISSUER, now: server.backend.now(), id };
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

  it('end a minute after what they are bound to was to be gone, even if a finalizer keeps it', async () => {
    const path = '/api/v1/namespaces/default/secrets';
    await server.create(path, { metadata: { name: 'kept', finalizers: ['example.com/never'] } });
    const view = server.backend.current();
    const account = view.get({ id: 'core.serviceaccounts' }, 'default', 'robot');
    const object = view.get({ id: 'core.secrets' }, 'default', 'kept');
    if (!account || !object) throw new Error('nothing to bind to');
    const wish = { namespace: 'default', account: objectClaim(account), audiences: [], expirationSeconds: 600 };
    const given = { issuer: DEFAULT_ISSUER, now: server.backend.now(), id: 'bound' };
    const { token } = await issueToken(
      server.keys,
      { ...wish, bound: { claim: 'secret', object: objectClaim(object) } },
      given,
    );
    const after = (ms: number) =>
      owner(
        new Tokens({
          keys: server.keys,
          issuer: DEFAULT_ISSUER,
          current: () => server.backend.current(),
          now: () => server.backend.now() + ms,
        }),
        token,
      );
    expect(await after(120_000)).toHaveProperty('user');
    await server.ask({ method: 'DELETE', path: `${path}/kept` });
    expect(server.backend.current().get({ id: 'core.secrets' }, 'default', 'kept')).toBeDefined();
    expect(await after(50_000)).toHaveProperty('user');
    expect(await after(65_000)).toEqual({
      error: '[invalid bearer token, service account token has been invalidated]',
    });
  });
});

describe('the discovery document of the issuer', () => {
  it.each([
    ['127.0.0.1:6443', `${DEFAULT_ISSUER}/openid/v1/jwks`],
    ['[::1]:6443', `${DEFAULT_ISSUER}/openid/v1/jwks`],
    ['localhost:6443', `${DEFAULT_ISSUER}/openid/v1/jwks`],
    ['192.0.2.10:6443', 'https://192.0.2.10:6443/openid/v1/jwks'],
  ])('of a server on %s names the key set at an address that pods reach', async (address, uri) => {
    const server = await TestServer.start({ address });
    try {
      const { json } = await server.get('/.well-known/openid-configuration');
      expect(json).toMatchObject({ issuer: DEFAULT_ISSUER, jwks_uri: uri });
    } finally {
      await server.stop();
    }
  });
});
