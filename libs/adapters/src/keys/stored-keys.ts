import { join } from 'node:path';
import { FRONT_PROXY_NAME } from '#ports';
import type { CertificateRequest, IssuedCertificate, Keys, ObjectKey, TokenCheck } from '#ports';
import type { WantedCertificate } from '#model';
import type { Instant } from '#std';
import { CertificateAuthority, FRONT_PROXY_CA } from './certificate-authority.js';
import { CertificateMarks } from './certificate-marks.js';
import { FileKeyStore } from './file-key-store.js';
import { LEAD_BY_HAND_MS } from './key-schedule.js';
import { MemoryKeyStore, type KeyStore } from './key-store.js';
import { MasterKeys } from './master-keys.js';
import { ObjectSealer } from './object-sealer.js';
import { rotatingMaster } from './rotating-master.js';
import { KEY_NAMES, type KeyName, type RotatingKey } from './rotating-key.js';
import { TokenSigner } from './token-signer.js';

/** Folder of the key store with a file for each cluster that uses it. */
const CLUSTERS = 'clusters';

export interface KeyOptions {
  /** The wall clock. */
  readonly now?: () => Instant;
  /** Makes sealed texts repeatable in a simulation. */
  readonly random?: (bytes: number) => Buffer;
  /** Receives the uid of an object whose key cannot be opened when the master key changes. */
  readonly onBroken?: (objectUid: string) => void;
}

/** The key store in `<home>/keys`, made when there is none. */
export function openFileKeys(home: string, options?: KeyOptions): Promise<StoredKeys> {
  return StoredKeys.open(new FileKeyStore(join(home, 'keys')), options);
}

/** A key store that is forgotten with the process. */
export function openMemoryKeys(options?: KeyOptions): Promise<StoredKeys> {
  return StoredKeys.open(new MemoryKeyStore(), options);
}

interface Rotating extends Readonly<Record<KeyName, RotatingKey>> {
  readonly ca: CertificateAuthority;
  readonly frontProxy: CertificateAuthority;
  readonly tokens: TokenSigner;
  readonly certificates: CertificateMarks;
}

export class StoredKeys implements Keys {
  private constructor(
    readonly store: KeyStore,
    /** What rotates, by name. */
    readonly rotating: Rotating,
    private readonly sealer: ObjectSealer,
    private readonly now: () => Instant,
  ) {}

  static async open(store: KeyStore, options: KeyOptions = {}): Promise<StoredKeys> {
    const { now = Date.now, random, onBroken = () => undefined } = options;
    const masters = new MasterKeys(store, now, random);
    const sealer = new ObjectSealer(store, masters, random);
    const [ca, frontProxy, tokens] = await Promise.all([
      CertificateAuthority.open(store, now),
      CertificateAuthority.open(store, now, FRONT_PROXY_CA),
      TokenSigner.open(store, now),
    ]);
    const certificates = new CertificateMarks(store);
    const rotating = { ca, frontProxy, certificates, tokens, master: rotatingMaster(masters, sealer, onBroken) };
    return new StoredKeys(store, rotating, sealer, now);
  }

  /** Records durably that a cluster seals with these keys; returns the others that do or did. */
  noteCluster(cluster: string): readonly string[] {
    const name = encodeURIComponent(cluster);
    this.store.createOnce(`${CLUSTERS}/${name}`, '\n');
    return this.store
      .list(CLUSTERS)
      .filter((other) => other !== name)
      .map(decodeURIComponent);
  }

  /** Takes in what other processes have changed. */
  async refresh(): Promise<void> {
    for (const name of KEY_NAMES) await this.rotating[name].refresh();
  }

  /** Makes a successor now. It is in use after the seconds in which every running process has seen it. */
  async rotate(name: KeyName, by: string): Promise<void> {
    const now = this.now();
    // What no process but the one with the writer uses can be in use at once.
    const leadMs = name === 'ca' || name === 'frontProxy' || name === 'tokens' ? LEAD_BY_HAND_MS : 0;
    // Certificates know whole seconds: those of the next second are told apart from those of this one.
    const signs = name === 'certificates' ? Math.ceil((now + 1) / 1000) * 1000 : now + leadMs;
    await this.rotating[name].add({ made: now, signs, by });
  }

  get caCertificate(): string {
    return this.rotating.ca.bundle;
  }

  issueCertificate(request: CertificateRequest): Promise<IssuedCertificate> {
    return this.rotating.ca.issue(request);
  }

  signCertificate(wanted: WantedCertificate): Promise<string> {
    return this.rotating.ca.sign(wanted);
  }

  isCertificateDue(certificate: string): boolean {
    return this.rotating.ca.isDue(certificate, this.rotating.certificates.renewed(this.now()));
  }

  get frontProxyCa(): string {
    return this.rotating.frontProxy.bundle;
  }

  issueFrontProxyCertificate(): Promise<IssuedCertificate> {
    return this.rotating.frontProxy.issue({ commonName: FRONT_PROXY_NAME, usage: 'client' });
  }

  isFrontProxyCertificateDue(certificate: string): boolean {
    return this.rotating.frontProxy.isDue(certificate, this.rotating.certificates.renewed(this.now()));
  }

  signToken(claims: Readonly<Record<string, unknown>>): Promise<string> {
    return this.rotating.tokens.sign(claims);
  }

  verifyToken(token: string, now: number): Promise<TokenCheck> {
    return this.rotating.tokens.verify(token, now);
  }

  jwks(): { readonly keys: readonly Readonly<Record<string, unknown>>[] } {
    return this.rotating.tokens.jwks();
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
