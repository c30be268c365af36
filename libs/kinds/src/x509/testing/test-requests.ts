import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { webcrypto } from 'node:crypto';

export interface TestRequest {
  readonly commonName?: string;
  readonly organizations?: readonly string[];
  readonly names?: x509.JsonGeneralNames;
  readonly key?: 'ec' | 'rsa' | 'ed25519';
}
export interface MadeRequest {
  /** For `spec.request`. */
  readonly request: string;
  /** PEM. */
  readonly privateKey: string;
}

const KEYS = {
  ec: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  rsa: {
    ...{ name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
    hash: 'SHA-256',
  },
  ed25519: { name: 'Ed25519' },
} as const;

/** A PKCS #10 request as openssl would make it. */
export async function testRequest({
  commonName,
  organizations = [],
  names = [],
  key = 'ec',
}: TestRequest): Promise<MadeRequest> {
  x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);
  const algorithm = KEYS[key];
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const made = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [
      ...organizations.map((name) => ({ O: [name] })),
      ...(commonName === undefined ? [] : [{ CN: [commonName] }]),
    ],
    keys,
    signingAlgorithm: algorithm,
    extensions: names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : [],
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    request: Buffer.from(`${made.toString('pem')}\n`).toString('base64'),
    privateKey: `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`,
  };
}

/** A certificate that has signed itself, for a `status.certificate`. */
export async function testCertificate(notAfter: Date): Promise<string> {
  x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);
  const keys = (await webcrypto.subtle.generateKey(KEYS.ec, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...{ name: 'CN=jane', keys, signingAlgorithm: KEYS.ec, serialNumber: '01' },
    notBefore: new Date(Date.UTC(2025, 0)),
    notAfter,
  });
  return Buffer.from(`${certificate.toString('pem')}\n`).toString('base64');
}
