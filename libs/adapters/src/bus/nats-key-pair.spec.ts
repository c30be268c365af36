import { describe, expect, it } from '@jest/globals';
import { createAccount, createOperator, createUser } from '@nats-io/nkeys';
import { NatsKeyPair } from './nats-key-pair.js';

describe.each([
  ['an operator', createOperator],
  ['an account', createAccount],
  ['a user', createUser],
] as const)('the key pair of %s', (_, create) => {
  it('has the name, the seed and the signatures of the one that nkeys makes of it', () => {
    const theirs = create();
    const ours = new NatsKeyPair(theirs);
    const text = new TextEncoder().encode('a challenge');
    expect(ours.getPublicKey()).toBe(theirs.getPublicKey());
    expect(ours.getSeed()).toEqual(theirs.getSeed());
    expect(Buffer.from(ours.getPrivateKey())).toEqual(Buffer.from(theirs.getPrivateKey()));
    // Ed25519 is deterministic.
    expect(ours.sign(text)).toEqual(theirs.sign(text));
    expect(theirs.verify(text, ours.sign(text))).toBe(true);
    expect(ours.verify(text, theirs.sign(text))).toBe(true);
    expect(ours.verify(new TextEncoder().encode('another'), ours.sign(text))).toBe(false);
  });
});
