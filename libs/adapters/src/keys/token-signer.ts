import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { JWK } from 'jose';
import type { TokenCheck } from '#ports';
import { isJsonObject, type Instant } from '#std';
import { KeyRing, type Generation } from './key-ring.js';
import { KEEP_MORE_MS, SCHEDULES, signerOf } from './key-schedule.js';
import type { KeyStore } from './key-store.js';
import type { NewGeneration, RotatingKey } from './rotating-key.js';
import { TokenEnds } from './token-ends.js';

const NAMES = { folder: 'token-keys', legacy: 'service-account/current.pem' };
/** Tokens are bounded before they come here; this bounds what is decoded. */
const MAX_TOKEN_BYTES = 64 * 1024;
const HOUR_MS = 3_600_000;

/** Loaded with the first token: a start needs none of its fifty modules. */
let loaded: Promise<typeof import('jose')> | undefined;
const jose = (): Promise<typeof import('jose')> => (loaded ??= import('jose'));

interface TokenKey {
  readonly generation: Generation;
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwk: JWK;
}

/**
 * Signs and checks service-account tokens (RS256). The newest key signs; the ones before it verify until every token that they
 * signed has ended.
 */
export class TokenSigner implements RotatingKey {
  readonly schedule = SCHEDULES.tokens;
  readonly holdMs = HOUR_MS;
  readonly #ring: KeyRing;
  readonly #ends: TokenEnds;
  #keys: readonly TokenKey[] = [];
  #state: string | undefined;

  private constructor(
    store: KeyStore,
    private readonly now: () => Instant,
  ) {
    this.#ring = new KeyRing(store, NAMES);
    this.#ends = new TokenEnds(store);
  }

  static async open(store: KeyStore, now: () => Instant): Promise<TokenSigner> {
    const signer = new TokenSigner(store, now);
    await signer.refresh();
    if (signer.#keys.length === 0) await signer.add({ made: now(), signs: now(), by: 'schedule' });
    return signer;
  }

  get generations(): readonly Generation[] {
    return this.#keys.map(({ generation }) => generation);
  }

  async refresh(): Promise<void> {
    const state = this.#ring.state();
    if (state === this.#state) return;
    const known = new Map(this.#keys.map((key) => [key.generation.number, key]));
    const found = this.#ring.list();
    this.#keys = await Promise.all(found.map((generation) => known.get(generation.number) ?? tokenKey(generation)));
    this.#state = state;
  }

  async add(generation: NewGeneration): Promise<void> {
    // Before the key is made: whoever is faster has made this one.
    const last = this.#keys.at(-1)?.generation.number ?? 0;
    this.#ring.addAfter(last, { ...generation, body: await generateRsa() });
    await this.refresh();
  }

  neededUntil({ number }: Generation, retired: Instant): Instant {
    return Math.max(retired, this.#ends.of(number, retired)) + KEEP_MORE_MS;
  }

  isNeedless(generation: Generation, retired: Instant, now: Instant): boolean {
    return now > this.neededUntil(generation, retired);
  }

  async drop(number: number): Promise<void> {
    this.#ring.drop(number);
    this.#ends.forget(number);
    this.#state = undefined;
    await this.refresh();
  }

  async sign(claims: Readonly<Record<string, unknown>>): Promise<string> {
    const key = this.#keys[signerOf(this.generations, this.now())];
    if (key === undefined) throw new Error('the key store has no token key');
    const { exp } = claims;
    // Before the token exists: its key is kept for as long as the token is good.
    this.#ends.note(key.generation.number, typeof exp === 'number' ? exp * 1000 : Infinity);
    const { SignJWT } = await jose();
    return new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256', kid: key.kid }).sign(key.privateKey);
  }

  /** `now` in milliseconds. */
  async verify(token: string, now: number): Promise<TokenCheck> {
    if (token.length > MAX_TOKEN_BYTES) return { problem: 'signature' };
    const { compactVerify } = await jose();
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

  /** Keys that will sign are in it too, so that whoever caches it knows them in time. */
  jwks(): { readonly keys: readonly Readonly<Record<string, unknown>>[] } {
    return { keys: this.#keys.map(({ kid, jwk }) => ({ use: 'sig', ...jwk, kid, alg: 'RS256' })) };
  }

  #keyFor(kid: string | undefined): KeyObject {
    const key = this.#keys.find((one) => one.kid === kid);
    if (key === undefined) throw new Error('unknown key id');
    return key.publicKey;
  }
}

async function generateRsa(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

async function tokenKey(generation: Generation): Promise<TokenKey> {
  const privateKey = createPrivateKey(generation.body);
  const publicKey = createPublicKey(privateKey);
  const der = publicKey.export({ type: 'spki', format: 'der' });
  // The id is derived from the key, so every process and every restart names it alike.
  const kid = createHash('sha256').update(der).digest('base64url');
  return { generation, kid, privateKey, publicKey, jwk: publicKey.export({ format: 'jwk' }) };
}
