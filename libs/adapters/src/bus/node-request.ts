import 'reflect-metadata';
import { createPrivateKey, createPublicKey, webcrypto } from 'node:crypto';
import { fromSeed } from '@nats-io/nkeys';
import * as x509 from '@peculiar/x509';
import { NatsKeyPair } from './nats-key-pair.js';

const ALGORITHM = { name: 'Ed25519' } as const;

/** A PKCS #10 request of a node for the key of a user of the bus, base64 of PEM: it proves that whoever asks has the seed. */
export async function nodeRequest(node: string, seed: string): Promise<string> {
  x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);
  const pkcs8 = new NatsKeyPair(fromSeed(new TextEncoder().encode(seed))).pkcs8();
  const spki = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })).export({
    format: 'der',
    type: 'spki',
  });
  const { subtle } = webcrypto;
  const made = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ O: ['system:nodes'] }, { CN: [`system:node:${node}`] }],
    keys: {
      privateKey: await subtle.importKey('pkcs8', pkcs8, ALGORITHM, false, ['sign']),
      publicKey: await subtle.importKey('spki', spki, ALGORITHM, true, ['verify']),
    },
    signingAlgorithm: ALGORITHM,
  });
  return Buffer.from(`${made.toString('pem')}\n`).toString('base64');
}
