import { join } from 'node:path';
import type { CertificateRequest, IssuedCertificate, Keys, ObjectKey, TokenCheck } from '#ports';
import type { Instant } from '#std';
import { CertificateAuthority } from './certificate-authority.js';
import { FileKeyStore } from './file-key-store.js';
import { MemoryKeyStore, type KeyStore } from './key-store.js';
import { ObjectSealer } from './object-sealer.js';
import { TokenSigner } from './token-signer.js';

/** The key store in `<home>/keys`, made when there is none. */
export function openFileKeys(home: string): Promise<StoredKeys> {
  return StoredKeys.open(new FileKeyStore(join(home, 'keys')));
}

/** A key store that is forgotten with the process. `random` makes sealed texts repeatable in a simulation. */
export function openMemoryKeys(random?: (bytes: number) => Buffer): Promise<StoredKeys> {
  return StoredKeys.open(new MemoryKeyStore(), random);
}

export class StoredKeys implements Keys {
  private constructor(
    readonly store: KeyStore,
    private readonly authority: CertificateAuthority,
    private readonly tokens: TokenSigner,
    private readonly sealer: ObjectSealer,
  ) {}

  static async open(store: KeyStore, random?: (bytes: number) => Buffer): Promise<StoredKeys> {
    const sealer = new ObjectSealer(store, random);
    const [authority, tokens] = await Promise.all([CertificateAuthority.open(store), TokenSigner.open(store)]);
    return new StoredKeys(store, authority, tokens, sealer);
  }

  get caCertificate(): string {
    return this.authority.certificatePem;
  }

  issueCertificate(request: CertificateRequest): Promise<IssuedCertificate> {
    return this.authority.issue(request);
  }

  signToken(claims: Readonly<Record<string, unknown>>): Promise<string> {
    return this.tokens.sign(claims);
  }

  verifyToken(token: string, now: number): Promise<TokenCheck> {
    return this.tokens.verify(token, now);
  }

  jwks(): { readonly keys: readonly Readonly<Record<string, unknown>>[] } {
    return this.tokens.jwks();
  }

  seal(objectUid: string, version: number, clear: string): string {
    return this.sealer.seal(objectUid, version, clear);
  }

  open(objectUid: string, sealed: string): string | undefined {
    return this.sealer.open(objectUid, sealed);
  }

  shred(objectUid: string): Promise<void> {
    this.sealer.shred(objectUid);
    return Promise.resolve();
  }

  shredVersions(objectUid: string, before: number): Promise<void> {
    this.sealer.shredVersions(objectUid, before);
    return Promise.resolve();
  }

  hasKey(objectUid: string): boolean {
    return this.sealer.hasKey(objectUid);
  }

  objects(): readonly ObjectKey[] {
    return this.sealer.objects();
  }

  noteDeletion(objectUid: string, at: Instant): Instant {
    return this.sealer.noteDeletion(objectUid, at);
  }
}
