import type { Instant } from '#std';

/** One attribute of a name: an object identifier and a text. */
export interface SubjectPart {
  readonly oid: string;
  readonly value: string;
}

/** A certificate that a CA of the cluster is to sign, part by part. Nothing that is not named here gets into it. */
export interface WantedCertificate {
  readonly subject: readonly SubjectPart[];
  readonly dnsNames: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly uris: readonly string[];
  /** SubjectPublicKeyInfo, base64 of DER. */
  readonly publicKey: string;
  /** As `spec.usages` of a request for a certificate says them. */
  readonly usages: readonly string[];
  readonly begins: Instant;
  /** At the latest; no certificate outlives its CA. */
  readonly ends: Instant;
}
