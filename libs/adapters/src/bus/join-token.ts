import { hkdfSync } from 'node:crypto';
import { fromSeed, Prefix, type KeyPair } from '@nats-io/nkeys';
import { Codec } from '@nats-io/nkeys/lib/codec.js';
import { NatsKeyPair } from './nats-key-pair.js';

/** A bootstrap token: an id that anybody may see, and a secret. */
export interface JoinToken {
  readonly id: string;
  readonly secret: string;
}

const TOKEN = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;

/** The token that a text is, `<id>.<secret>`; undefined when it is none. */
export function joinTokenOf(text: string): JoinToken | undefined {
  const [, id, secret] = TOKEN.exec(text.trim()) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/**
 * The key pair of the NATS account that belongs to a token. Whoever holds the token derives it and issues a user to itself; the
 * server knows the account's public key. The secret travels nowhere.
 */
export function joinAccountKey({ id, secret }: JoinToken): KeyPair {
  const bytes = new Uint8Array(hkdfSync('sha256', secret, 'shiplog.io/join', id, 32));
  return new NatsKeyPair(fromSeed(Codec.encodeSeed(Prefix.Account, bytes)));
}

/** The DER of an Ed25519 public key begins with this (RFC 8410); its 32 bytes follow. */
const SPKI_PREFIX = '302a300506032b6570032100';

/** An Ed25519 public key (SubjectPublicKeyInfo, base64 of DER) as the bus names users; undefined for keys of other sorts. */
export function busKeyOf(publicKey: string): string | undefined {
  const bytes = Buffer.from(publicKey, 'base64');
  const prefix = Buffer.from(SPKI_PREFIX, 'hex');
  if (bytes.length !== prefix.length + 32 || !bytes.subarray(0, prefix.length).equals(prefix)) return undefined;
  return new TextDecoder().decode(Codec.encode(Prefix.User, bytes.subarray(prefix.length)));
}
