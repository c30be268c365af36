import { encodeAccount } from '@nats-io/jwt';
import { fromPublic, type KeyPair } from '@nats-io/nkeys';
import type { KeyStore } from '../keys/key-store.js';
import { joinAccountKey, type JoinToken } from './join-token.js';

/** `joining/<public key of a token's account>`: the id of the token. */
const JOINING = 'nodes/joining';
/** There once was a token: the bus listens for other machines. */
const LISTENING = 'nodes/listening';

/** What a client that joins asks on in its own account, and what that is for the cluster's account. */
const JOIN_SUBJECT = 'join';
const SERVICE = { name: 'join', type: 'service' } as const;
const CONNECTIONS_MAX = 16;
const SUBSCRIPTIONS_MAX = 4;
/** A request with a key, labels and taints; the answer has the CAs of the cluster. */
const PAYLOAD_BYTES_MAX = 64 * 1024;

/** What the cluster's account offers to those of tokens. */
export const JOIN_EXPORTS = [{ ...SERVICE, subject: `${JOIN_SUBJECT}.*` }];

export interface JoinAccount {
  readonly id: string;
  readonly jwt: string;
}

/** Writes to the key store which tokens open the bus: their accounts' public keys, never a secret. */
export function writeJoinTokens(store: KeyStore, tokens: readonly JoinToken[]): void {
  const wanted = new Map(tokens.map((token) => [joinAccountKey(token).getPublicKey(), token.id]));
  for (const key of store.list(JOINING)) if (!wanted.has(key)) store.destroy(`${JOINING}/${key}`);
  for (const [key, id] of wanted) store.createOnce(`${JOINING}/${key}`, `${id}\n`);
  if (wanted.size > 0) store.createOnce(LISTENING, 'since the first token\n');
}

/** Whether the bus listens for other machines: since the first token was made. */
export function isBusOpen(store: KeyStore): boolean {
  return store.read(LISTENING) !== undefined;
}

/** Changes whenever {@link joinAccounts} or {@link isBusOpen} does. */
export function joinState(store: KeyStore): string {
  return `${store.list(JOINING).join()} ${isBusOpen(store)}`;
}

/**
 * The accounts of all tokens, for the server's configuration. A client in one reaches nothing but the service `join.<id>` of the
 * cluster's account, so the id of the token that it holds is in the subject.
 */
export function joinAccounts(store: KeyStore, cluster: string, operator: KeyPair): Promise<readonly JoinAccount[]> {
  return Promise.all(
    store.list(JOINING).flatMap((key) => {
      const token = store.read(`${JOINING}/${key}`)?.trim() ?? '';
      return token === '' ? [] : [joinAccount({ key, token }, cluster, operator)];
    }),
  );
}

async function joinAccount(
  { key, token }: { readonly key: string; readonly token: string },
  cluster: string,
  operator: KeyPair,
): Promise<JoinAccount> {
  const subject = `${JOIN_SUBJECT}.${token}`;
  const imports = [{ ...SERVICE, subject, account: cluster, local_subject: JOIN_SUBJECT }];
  const limits = {
    ...{ conn: CONNECTIONS_MAX, leaf: 0, imports: 1, exports: 0, wildcards: false },
    ...{ data: -1, payload: PAYLOAD_BYTES_MAX, subs: SUBSCRIPTIONS_MAX },
  };
  return {
    id: key,
    jwt: await encodeAccount(`join-${token}`, fromPublic(key), { limits, imports }, { signer: operator }),
  };
}
