import type { WantedCertificate } from '#model';
import type { Instant } from '#std';

/**
 * The key store: CA, token keys, master key and the keys of single Secrets. The one store that is not rebuilt from the log.
 * Private parts never appear in a log line, an event or an error message.
 */
export interface Keys {
  /** PEM certificates of the cluster's CAs, one after the other: all that are trusted, the one that signs first. Changes. */
  readonly caCertificate: string;
  /**
   * A certificate signed by the cluster's CA; the private key is PEM too. A server's is followed by the certificates that link
   * its CA to earlier ones, which the server has to send.
   */
  issueCertificate(request: CertificateRequest): Promise<IssuedCertificate>;
  /** A certificate signed by the cluster's CA for a key of somebody else, in PEM; a server's is followed as above. */
  signCertificate(wanted: WantedCertificate): Promise<string>;
  /**
   * Whether a certificate is to be issued anew: two fifths of its life are left, another CA signs by now, or it was issued before
   * all were renewed by hand.
   */
  isCertificateDue(certificate: string): boolean;
  /**
   * PEM certificates of the CAs that sign the front proxy's certificate, as {@link caCertificate}. An aggregated server that a holder
   * of that certificate calls believes the user whom the request's headers name.
   */
  readonly frontProxyCa: string;
  /** A client certificate of the front proxy, named {@link FRONT_PROXY_NAME}. */
  issueFrontProxyCertificate(): Promise<IssuedCertificate>;
  /** As {@link isCertificateDue}. */
  isFrontProxyCertificateDue(certificate: string): boolean;
  /** Signs a service-account token (RS256, with kid). */
  signToken(claims: Readonly<Record<string, unknown>>): Promise<string>;
  /** The token's claims when the signature holds and it is neither expired nor not yet valid; why it does not count otherwise. */
  verifyToken(token: string, now: number): Promise<TokenCheck>;
  /** JSON Web Key Set of the token keys' public parts. */
  jwks(): { readonly keys: readonly Readonly<Record<string, unknown>>[] };
  /**
   * Encrypts text with the key that this version of this object has, making keys for an object that has none (AES-256-GCM).
   * `version` is below 2^32. Throws when the version was shredded.
   */
  seal(objectUid: string, version: number, clear: string): string;
  /** The clear text, or undefined when the key of its version was shredded. Throws when the text was altered. */
  open(objectUid: string, sealed: string): string | undefined;
  /** Whether anything that was sealed for an object may still be readable. */
  hasKey(objectUid: string): boolean;
  /** Deletes all keys of an object: nothing that was sealed with them can be read again. */
  shred(objectUid: string): Promise<void>;
  /** Deletes the keys of all versions of an object before one; those of that version and of later ones stay as they are. */
  shredVersions(objectUid: string, before: number): Promise<void>;
  /** The objects that have a key, and since when each of them is known to be deleted. */
  objects(): readonly ObjectKey[];
  /** Records durably that an object was deleted; the first time that was said stays. Returns that time. */
  noteDeletion(objectUid: string, at: Instant): Instant;
}
/** Common name of the front proxy's certificate: aggregated servers accept no other. */
export const FRONT_PROXY_NAME = 'front-proxy-client';

export interface ObjectKey {
  readonly objectUid: string;
  readonly deletedAt: Instant | undefined;
}
/** A good token's claims, or the first thing that is wrong with it. */
export type TokenCheck =
  { readonly claims: Readonly<Record<string, unknown>> } | { readonly problem: 'signature' | 'expired' | 'early' };

export interface CertificateRequest {
  readonly commonName: string;
  readonly organizations?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly usage: 'client' | 'server' | 'both';
  /** At most a year, which is the default. */
  readonly days?: number;
  /** `ec` (P-256) unless a server takes only `rsa`. */
  readonly keyType?: 'ec' | 'rsa';
}
export interface IssuedCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}
