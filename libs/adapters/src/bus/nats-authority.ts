import { encodeAccount, encodeOperator, encodeUser } from '@nats-io/jwt';
import { createAccount, createOperator, createUser, fromSeed, type KeyPair } from '@nats-io/nkeys';
import { Fault, isJsonObject } from '#std';
import type { KeyStore } from '../keys/key-store.js';

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
  ) {}

  static async open(store: KeyStore): Promise<NatsAuthority> {
    const seeds: unknown = JSON.parse(store.read(FILE) ?? store.createOnce(FILE, newSeeds()));
    if (!isJsonObject(seeds) || typeof seeds['operator'] !== 'string' || typeof seeds['account'] !== 'string') {
      throw new Fault(`the key store's ${FILE} is damaged: delete it, all clients then get new credentials`, false);
    }
    const operator = fromSeed(new TextEncoder().encode(seeds['operator']));
    const account = fromSeed(new TextEncoder().encode(seeds['account']));
    const limits = {
      conn: UNLIMITED,
      leaf: 0,
      imports: 0,
      exports: 0,
      wildcards: true,
      data: UNLIMITED,
      payload: UNLIMITED,
      subs: UNLIMITED,
    };
    return new NatsAuthority(
      account,
      account.getPublicKey(),
      await encodeOperator('shiplog', operator),
      await encodeAccount('shiplog', account, { limits }, { signer: operator }),
    );
  }

  /** Credentials of a new user with these permissions. */
  async issueUser(
    name: string,
    permissions: NatsPermissions,
  ): Promise<Pick<NatsCredentials, 'jwt' | 'seed' | 'inbox'>> {
    const user = createUser();
    const jwt = await encodeUser(name, user, this.account, {
      // An empty list would allow everything, so what may not be used at all is denied by name.
      pub: permissions.publish.length > 0 ? { allow: [...permissions.publish] } : { deny: ['>'] },
      sub: { allow: [...new Set([...permissions.subscribe, `${permissions.inbox}.>`])] },
      resp: { max: UNLIMITED, ttl: RESPONSE_TTL_NS },
      data: UNLIMITED,
      payload: UNLIMITED,
      subs: UNLIMITED,
    });
    return { jwt, seed: new TextDecoder().decode(user.getSeed()), inbox: permissions.inbox };
  }
}

function newSeeds(): string {
  const text = (pair: KeyPair): string => new TextDecoder().decode(pair.getSeed());
  return `${JSON.stringify({ operator: text(createOperator()), account: text(createAccount()) })}\n`;
}
