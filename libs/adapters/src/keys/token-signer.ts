import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { compactVerify, exportJWK, SignJWT, type JWK } from 'jose';
import type { TokenCheck } from '#ports';
import { isJsonObject } from '#std';
import type { KeyStore } from './key-store.js';

const FOLDER = 'service-account';
const CURRENT = `${FOLDER}/current.pem`;
/** How long a Kubernetes API server lets a token be early: none; the issuer's clock is ours. */
const MAX_TOKEN_BYTES = 64 * 1024;

interface TokenKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwk: JWK;
}

/** Signs and checks service-account tokens (RS256). Keys that were retired stay in the folder and still verify. */
export class TokenSigner {
  private constructor(
    private readonly current: TokenKey,
    private readonly all: ReadonlyMap<string, TokenKey>,
  ) {}

  static async open(store: KeyStore): Promise<TokenSigner> {
    const current = await tokenKey(store.read(CURRENT) ?? store.createOnce(CURRENT, await generateRsa()));
    const all = new Map([[current.kid, current]]);
    for (const name of store.list(FOLDER)) {
      const pem = store.read(`${FOLDER}/${name}`);
      if (pem === undefined) continue;
      const key = await tokenKey(pem);
      all.set(key.kid, key);
    }
    return new TokenSigner(current, all);
  }

  sign(claims: Readonly<Record<string, unknown>>): Promise<string> {
    return new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: this.current.kid })
      .sign(this.current.privateKey);
  }

  /** `now` in milliseconds. */
  async verify(token: string, now: number): Promise<TokenCheck> {
    if (token.length > MAX_TOKEN_BYTES) return { problem: 'signature' };
    let claims: unknown;
    try {
      const verified = await compactVerify(token, (header) => this.#keyFor(header.kid), { algorithms: ['RS256'] });
      claims = JSON.parse(Buffer.from(verified.payload).toString('utf8'));
    } catch {
      // Whatever is wrong with a stranger's token, the answer is the same: it does not count.
      return { problem: 'signature' };
    }
    if (!isJsonObject(claims)) return { problem: 'signature' };
    const seconds = now / 1000;
    if (typeof claims['exp'] === 'number' && seconds >= claims['exp']) return { problem: 'expired' };
    if (typeof claims['nbf'] === 'number' && seconds < claims['nbf']) return { problem: 'early' };
    return { claims };
  }

  jwks(): { readonly keys: readonly Readonly<Record<string, unknown>>[] } {
    return { keys: [...this.all.values()].map(({ kid, jwk }) => ({ use: 'sig', ...jwk, kid, alg: 'RS256' })) };
  }

  #keyFor(kid: string | undefined): KeyObject {
    const key = kid === undefined ? this.current : this.all.get(kid);
    if (key === undefined) throw new Error('unknown key id');
    return key.publicKey;
  }
}

async function generateRsa(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

async function tokenKey(pem: string): Promise<TokenKey> {
  const privateKey = createPrivateKey(pem);
  const publicKey = createPublicKey(privateKey);
  const der = publicKey.export({ type: 'spki', format: 'der' });
  // The id is derived from the key, so every process and every restart names it alike.
  const kid = createHash('sha256').update(der).digest('base64url');
  return { kid, privateKey, publicKey, jwk: await exportJWK(publicKey) };
}
