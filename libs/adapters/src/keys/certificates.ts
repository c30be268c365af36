import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { CertificateRequest } from '#ports';
import type { Instant } from '#std';
import { BACKDATED_MS } from './key-schedule.js';

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;
export const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const;
const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: 'SHA-256',
} as const;

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

/** What signs certificates: a CA's certificate and private key. */
export interface Issuer {
  readonly certificate: x509.X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

/** From an hour before it is made, so that a machine whose clock is a little behind accepts it. */
export interface Life {
  readonly made: Instant;
  readonly ends: Instant;
}

/** A new CA: its certificate, and its private key in PEM. */
export async function createAuthority(
  name: string,
  life: Life,
): Promise<{ readonly issuer: Issuer; readonly privateKey: string }> {
  const keys = await generateKey();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [name] }],
    ...validity(life),
    keys,
    signingAlgorithm: SIGNATURE,
    extensions: await authorityExtensions(keys.publicKey),
  });
  return { issuer: { certificate, key: keys.privateKey }, privateKey: await exportKey(keys.privateKey) };
}

/**
 * A CA's certificate signed by another CA: who trusts only that one verifies what the new one signs, when it is sent along. It
 * ends with the other CA.
 */
export async function crossSign(authority: Issuer, by: Issuer, made: Instant): Promise<x509.X509Certificate> {
  return x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: authority.certificate.subjectName,
    issuer: by.certificate.subjectName,
    ...validity({ made, ends: by.certificate.notAfter.getTime() }),
    publicKey: authority.certificate.publicKey,
    signingKey: by.key,
    signingAlgorithm: SIGNATURE,
    extensions: [
      ...(await authorityExtensions(authority.certificate.publicKey)),
      await x509.AuthorityKeyIdentifierExtension.create(by.certificate.publicKey),
    ],
  });
}

/** A certificate for a server or a client, and its private key in PEM. */
export async function createCertificate(
  request: CertificateRequest,
  by: Issuer,
  life: Life,
): Promise<{ readonly certificate: x509.X509Certificate; readonly privateKey: string }> {
  const keys = await generateKey(request.keyType);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: subjectOf(request),
    issuer: by.certificate.subjectName,
    ...validity(life),
    publicKey: keys.publicKey,
    signingKey: by.key,
    signingAlgorithm: SIGNATURE,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(keyUsages(request), true),
      new x509.ExtendedKeyUsageExtension(usagesOf(request)),
      await x509.AuthorityKeyIdentifierExtension.create(by.certificate.publicKey),
      ...alternativeNames(request),
    ],
  });
  return { certificate, privateKey: await exportKey(keys.privateKey) };
}

export async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = x509.PemConverter.decodeFirst(pem);
  return (await webcrypto.subtle.importKey('pkcs8', der, CURVE, false, ['sign'])) as webcrypto.CryptoKey;
}

export function parseCertificate(pem: string): x509.X509Certificate {
  return new x509.X509Certificate(pem);
}

export function pemOf(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

/** The PEM blocks of a kind in a text, in order. */
export function pemBlocks(pem: string, label: 'CERTIFICATE' | 'PRIVATE KEY'): readonly string[] {
  return pem.match(new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----\n`, 'g')) ?? [];
}

async function authorityExtensions(key: Parameters<typeof x509.SubjectKeyIdentifierExtension.create>[0]) {
  return [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(
      x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature,
      true,
    ),
    await x509.SubjectKeyIdentifierExtension.create(key),
  ];
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

function validity({ made, ends }: Life): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(made - BACKDATED_MS), notAfter: new Date(ends) };
}

/** Positive and never with a leading zero byte, as DER wants it. */
export function serialNumber(): string {
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
