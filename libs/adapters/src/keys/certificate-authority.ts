import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { CertificateRequest, IssuedCertificate } from '#ports';
import { Fault } from '#std';
import type { KeyStore } from './key-store.js';

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const;
const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: 'SHA-256',
} as const;
const DAY_MS = 86_400_000;
const CA_YEARS = 10;
const CERTIFICATE_DAYS = 365;
const FILE = 'ca.pem';

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

/** The cluster's own CA (EC P-256): the API, the bus and every client trust it and nothing else. */
export class CertificateAuthority {
  private constructor(
    readonly certificatePem: string,
    private readonly certificate: x509.X509Certificate,
    private readonly key: webcrypto.CryptoKey,
  ) {}

  /** The CA that the store holds, made when there is none. Key and certificate are one file: both exist or neither. */
  static async open(store: KeyStore): Promise<CertificateAuthority> {
    const pem = store.read(FILE) ?? store.createOnce(FILE, await createAuthority());
    const certificatePem = pemBlock(pem, 'CERTIFICATE');
    const key = await importKey(pemBlock(pem, 'PRIVATE KEY'));
    return new CertificateAuthority(certificatePem, new x509.X509Certificate(certificatePem), key);
  }

  async issue(request: CertificateRequest): Promise<IssuedCertificate> {
    const keys = await generateKey(request.keyType);
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: subjectOf(request),
      issuer: this.certificate.subjectName,
      ...validity(request.days ?? CERTIFICATE_DAYS),
      publicKey: keys.publicKey,
      signingKey: this.key,
      signingAlgorithm: SIGNATURE,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(keyUsages(request), true),
        new x509.ExtendedKeyUsageExtension(usagesOf(request)),
        await x509.AuthorityKeyIdentifierExtension.create(this.certificate.publicKey),
        ...alternativeNames(request),
      ],
    });
    return { certificate: `${certificate.toString('pem')}\n`, privateKey: await exportKey(keys.privateKey) };
  }
}

async function createAuthority(): Promise<string> {
  const keys = await generateKey();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: ['shiplog'] }],
    ...validity(CA_YEARS * 365),
    keys,
    signingAlgorithm: SIGNATURE,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return `${await exportKey(keys.privateKey)}${certificate.toString('pem')}\n`;
}

function subjectOf(request: CertificateRequest): x509.JsonName {
  // Each organization is an RDN of its own: Go's clients and servers read groups in any form, openssl prints them apart.
  const organizations = (request.organizations ?? []).map((organization) => ({ O: [organization] }));
  return [...organizations, { CN: [request.commonName] }];
}

function usagesOf(request: CertificateRequest): x509.ExtendedKeyUsage[] {
  const usages: x509.ExtendedKeyUsage[] = [];
  if (request.usage !== 'client') usages.push(x509.ExtendedKeyUsage.serverAuth);
  if (request.usage !== 'server') usages.push(x509.ExtendedKeyUsage.clientAuth);
  return usages;
}

/** RSA keys may also wrap the keys of older TLS versions; servers on .NET want to see that they may. */
function keyUsages({ keyType }: CertificateRequest): number {
  const { digitalSignature, keyEncipherment } = x509.KeyUsageFlags;
  return keyType === 'rsa' ? digitalSignature | keyEncipherment : digitalSignature;
}

function alternativeNames(request: CertificateRequest): x509.Extension[] {
  const names: x509.JsonGeneralNames = [
    ...(request.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(request.ipAddresses ?? []).map((value) => ({ type: 'ip' as const, value })),
  ];
  return names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : [];
}

/** From an hour ago, so that a machine whose clock is a little behind accepts it. */
function validity(days: number): { notBefore: Date; notAfter: Date } {
  const start = Date.now() - 3_600_000;
  return { notBefore: new Date(start), notAfter: new Date(start + days * DAY_MS) };
}

/** Positive and never with a leading zero byte, as DER wants it. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x7f) | 0x40, 0);
  return bytes.toString('hex');
}

async function generateKey(type: 'ec' | 'rsa' = 'ec'): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(type === 'rsa' ? RSA : CURVE, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key);
  return `${x509.PemConverter.encode(der, 'PRIVATE KEY')}\n`;
}

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = x509.PemConverter.decodeFirst(pem);
  return (await webcrypto.subtle.importKey('pkcs8', der, CURVE, false, ['sign'])) as webcrypto.CryptoKey;
}

function pemBlock(pem: string, label: string): string {
  const block = new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----\n`).exec(pem)?.[0];
  if (block === undefined)
    throw new Fault(`the key store's ${FILE} holds no ${label.toLowerCase()}: restore it from a backup`, false);
  return block;
}
