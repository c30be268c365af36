import { encodeAccount, encodeOperator, encodeUser } from '@nats-io/jwt';
import { createAccount, createOperator, createUser, fromPublic, fromSeed, type KeyPair } from '@nats-io/nkeys';
import { Fault, isJsonObject, type Instant } from '#std';
import type { KeyStore } from '../keys/key-store.js';
import { NatsKeyPair } from './nats-key-pair.js';
import { JOIN_EXPORTS, joinAccounts, type JoinAccount } from './join-accounts.js';
import { revocations } from './revoked-keys.js';

const FILE = 'nats.json';
const UNLIMITED = -1;
/** An answer may take a while (a rollout's sync), and a large one is fetched in parts. */
const RESPONSE_TTL_NS = 10 * 60 * 1e9;

/** What a client of the bus holds, and all of it: no other secret is needed to be an agent. */
export interface NatsCredentials {
  readonly url: string;
  readonly ca: string;
  readonly jwt: string;
  readonly seed: string;
  readonly inbox: string;
}
export interface NatsPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  readonly inbox: string;
}

/** Without these a credential is of a new key and has no end. In seconds. */
export interface UserValidity {
  readonly publicKey?: string;
  readonly issued?: number;
  readonly expires?: number;
}

/**
 * Who may be on the bus: an operator and one account, made once and kept in the key store. The server gets only the
 * public side (two JWTs); each client gets a user JWT that carries its permissions.
 */
export class NatsAuthority {
  private constructor(
    private readonly account: KeyPair,
    readonly accountId: string,
    readonly operatorJwt: string,
    readonly accountJwt: string,
    /** Accounts of the tokens by which nodes join, beside the cluster's own. */
    readonly joinAccounts: readonly JoinAccount[],
  ) {}

  static async open(store: KeyStore): Promise<NatsAuthority> {
    const seeds: unknown = JSON.parse(store.read(FILE) ?? store.createOnce(FILE, newSeeds()));
    if (!isJsonObject(seeds) || typeof seeds['operator'] !== 'string' || typeof seeds['account'] !== 'string') {
      throw new Fault(`the key store's ${FILE} is damaged: delete it, all clients then get new credentials`, false);
    }
    const operator = pairOf(seeds['operator']);
    const account = pairOf(seeds['account']);
    const limits = {
      conn: UNLIMITED,
      leaf: 0,
      imports: 0,
      exports: JOIN_EXPORTS.length,
      wildcards: true,
      data: UNLIMITED,
      payload: UNLIMITED,
      subs: UNLIMITED,
    };
    return new NatsAuthority(
      account,
      account.getPublicKey(),
      await encodeOperator('shiplog', operator),
      await encodeAccount(
        'shiplog',
        account,
        { limits, revocations: revocations(store), exports: JOIN_EXPORTS },
        { signer: operator },
      ),
      await joinAccounts(store, account.getPublicKey(), operator),
    );
  }

  /** Credentials of a user with these permissions: a new one, or the one whose public key is given and whose seed stays there. */
  async issueUser(
    name: string,
    permissions: NatsPermissions,
    { publicKey, issued, expires }: UserValidity = {},
  ): Promise<Pick<NatsCredentials, 'jwt' | 'seed' | 'inbox'> & { readonly publicKey: string }> {
    const user = publicKey === undefined ? new NatsKeyPair(createUser()) : publicUser(publicKey);
    const config = {
      // An empty list would allow everything, so what may not be used at all is denied by name.
      pub: permissions.publish.length > 0 ? { allow: [...permissions.publish] } : { deny: ['>'] },
      sub: { allow: [...new Set([...permissions.subscribe, `${permissions.inbox}.>`])] },
      resp: { max: UNLIMITED, ttl: RESPONSE_TTL_NS },
      data: UNLIMITED,
      payload: UNLIMITED,
      subs: UNLIMITED,
    };
    const options = { ...(issued !== undefined && { iat: issued }), ...(expires !== undefined && { exp: expires }) };
    const jwt = await encodeUser(name, user, this.account, config, options);
    const seed = publicKey === undefined ? new TextDecoder().decode(user.getSeed()) : '';
    return { jwt, seed, inbox: permissions.inbox, publicKey: user.getPublicKey() };
  }
}

/** A key pair that an agent makes for itself; only the public key leaves it. */
export function newUserKey(): { readonly publicKey: string; readonly seed: string } {
  const user = new NatsKeyPair(createUser());
  return { publicKey: user.getPublicKey(), seed: new TextDecoder().decode(user.getSeed()) };
}

/** Proves to the server that this client has the seed. */
export function signatureOf(seed: string, challenge: string): string {
  return Buffer.from(pairOf(seed).sign(new TextEncoder().encode(challenge))).toString('base64url');
}

/** When a credential ends, in milliseconds; undefined for one that does not. It is not verified here. */
export function expiryOf(jwt: string): Instant | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
    const exp = isJsonObject(claims) ? claims['exp'] : undefined;
    return typeof exp === 'number' && exp > 0 ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}

function pairOf(seed: string): KeyPair {
  return new NatsKeyPair(fromSeed(new TextEncoder().encode(seed)));
}

function publicUser(publicKey: string): KeyPair {
  if (/^U[A-Z2-7]{55}$/.test(publicKey)) {
    try {
      return fromPublic(publicKey);
    } catch {
      // Its checksum is wrong: refused like any other text.
    }
  }
  throw new Fault('the public key is none of a user of NATS', false);
}

function newSeeds(): string {
  const text = (pair: KeyPair): string => new TextDecoder().decode(pair.getSeed());
  return `${JSON.stringify({ operator: text(createOperator()), account: text(createAccount()) })}\n`;
}
