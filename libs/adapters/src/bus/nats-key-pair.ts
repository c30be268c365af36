import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { Prefix, type KeyPair } from '@nats-io/nkeys';
import { Codec } from '@nats-io/nkeys/lib/codec.js';

/** What DER has before the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * A key pair of nkeys that signs with node:crypto. The library's own derives the key anew for each signature, in JavaScript, at some 5 ms each,
 * and a start needs twenty of them.
 */
export class NatsKeyPair implements KeyPair {
  private readonly privateKey: KeyObject;
  private readonly publicKey: KeyObject;
  private readonly name: string;
  private readonly secret: Uint8Array;

  /** The pair is one of a seed. */
  constructor(private readonly pair: KeyPair) {
    const { prefix, buf } = Codec.decodeSeed(pair.getSeed());
    this.privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, buf]), format: 'der', type: 'pkcs8' });
    this.publicKey = createPublicKey(this.privateKey);
    const { x = '' } = this.publicKey.export({ format: 'jwk' });
    const point = Buffer.from(x, 'base64url');
    this.name = new TextDecoder().decode(Codec.encode(prefix, point));
    this.secret = Codec.encode(Prefix.Private, Buffer.concat([buf, point]));
  }

  getPublicKey(): string {
    return this.name;
  }
  getPrivateKey(): Uint8Array {
    return this.secret;
  }
  getSeed(): Uint8Array {
    return this.pair.getSeed();
  }
  sign(input: Uint8Array): Uint8Array {
    return new Uint8Array(sign(null, input, this.privateKey));
  }
  verify(input: Uint8Array, signature: Uint8Array): boolean {
    return verify(null, input, this.publicKey, signature);
  }
  /** The private key as PKCS #8 in DER. */
  pkcs8(): Buffer {
    return this.privateKey.export({ format: 'der', type: 'pkcs8' });
  }
  clear(): void {
    this.pair.clear();
  }
  seal(input: Uint8Array, recipient: string, nonce?: Uint8Array): Uint8Array {
    return this.pair.seal(input, recipient, nonce);
  }
  open(message: Uint8Array, sender: string): Uint8Array | null {
    return this.pair.open(message, sender);
  }
}
