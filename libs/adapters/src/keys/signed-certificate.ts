import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import type { SubjectPart, WantedCertificate } from '#model';
import { Fault } from '#std';
import { serialNumber, SIGNATURE, type Issuer } from './certificates.js';

export const SERVER_AUTH = 'server auth';
const { digitalSignature, keyEncipherment } = x509.KeyUsageFlags;
/** All that the cluster's CA vouches for: a key that it signed never signs others. */
const USAGES: Readonly<Record<string, { readonly flag?: number; readonly purpose?: x509.ExtendedKeyUsage }>> = {
  'digital signature': { flag: digitalSignature },
  'key encipherment': { flag: keyEncipherment },
  'client auth': { purpose: x509.ExtendedKeyUsage.clientAuth },
  [SERVER_AUTH]: { purpose: x509.ExtendedKeyUsage.serverAuth },
};

/** A certificate for a key that somebody else made, with what is wanted and nothing else. */
export async function signCertificate(wanted: WantedCertificate, by: Issuer): Promise<x509.X509Certificate> {
  const { flags, purposes } = usagesOf(wanted);
  const names = alternativeNames(wanted);
  return x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: new x509.Name(wanted.subject.map(attribute)),
    issuer: by.certificate.subjectName,
    notBefore: new Date(wanted.begins),
    notAfter: new Date(wanted.ends),
    publicKey: new x509.PublicKey(Buffer.from(wanted.publicKey, 'base64')),
    signingKey: by.key,
    signingAlgorithm: SIGNATURE,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      ...(flags === 0 ? [] : [new x509.KeyUsagesExtension(flags, true)]),
      ...(purposes.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension(purposes)]),
      await x509.AuthorityKeyIdentifierExtension.create(by.certificate.publicKey),
      // Names have to be understood where there is no subject.
      ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names, wanted.subject.length === 0)]),
    ],
  });
}

function usagesOf({ usages }: WantedCertificate): { flags: number; purposes: x509.ExtendedKeyUsage[] } {
  let flags = 0;
  const purposes: x509.ExtendedKeyUsage[] = [];
  for (const name of usages) {
    const usage = USAGES[name];
    if (!usage) throw new Fault(`the cluster's CA signs no certificates for ${name}`, false);
    flags |= usage.flag ?? 0;
    if (usage.purpose !== undefined) purposes.push(usage.purpose);
  }
  return { flags, purposes };
}

/** The text as it is, in UTF-8: of a plain string this library would read `#0c03…` as DER. */
function attribute({ oid, value }: SubjectPart): x509.JsonAttributeAndObjectValue {
  return { [oid]: [{ utf8String: value }] };
}

function alternativeNames(wanted: WantedCertificate): x509.JsonGeneralNames {
  const typed = (type: x509.GeneralNameType, values: readonly string[]): x509.JsonGeneralNames =>
    values.map((value) => ({ type, value }));
  return [
    ...typed('dns', wanted.dnsNames),
    ...typed('email', wanted.emailAddresses),
    ...typed('ip', wanted.ipAddresses),
    ...typed('url', wanted.uris),
  ];
}
