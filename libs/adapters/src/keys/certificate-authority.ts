import { X509Certificate } from 'node:crypto';
import type { WantedCertificate } from '#model';
import type { CertificateRequest, IssuedCertificate } from '#ports';
import { Fault, type Instant } from '#std';
import {
  createAuthority,
  createCertificate,
  crossSign,
  importKey,
  parseCertificate,
  pemBlocks,
  pemOf,
  type Issuer,
} from './certificates.js';
import { KeyRing, type Generation } from './key-ring.js';
import {
  BACKDATED_MS,
  CA_MS,
  CERTIFICATE_MS,
  isRenewalDue,
  KEEP_MORE_MS,
  SCHEDULES,
  signerOf,
} from './key-schedule.js';
import type { KeyStore } from './key-store.js';
import type { NewGeneration, RotatingKey } from './rotating-key.js';
import { SERVER_AUTH, signCertificate } from './signed-certificate.js';

/** Which CA: its place in the key store, and the common name of its certificates. */
interface AuthorityNames {
  readonly folder: string;
  readonly legacy?: string;
  readonly commonName: string;
}
export const CLUSTER_CA: AuthorityNames = { folder: 'ca', legacy: 'ca.pem', commonName: 'shiplog' };
/** Signs the client certificate of the front proxy and nothing else: its holder is believed whom it forwards requests for. */
export const FRONT_PROXY_CA: AuthorityNames = { folder: 'front-proxy', commonName: 'shiplog-front-proxy' };
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Certificates by earlier CAs that are handed on: enough for five rotations by hand within the life of one CA. */
const CROSS_MAX = 4;

interface Authority extends Issuer {
  readonly generation: Generation;
  readonly pem: string;
  /** The same certificate to look at, which costs less. */
  readonly shown: X509Certificate;
  /** This CA signed by the one before it, that one by the one before that, and so on. */
  readonly crossed: readonly { readonly pem: string; readonly ends: Instant }[];
}

/**
 * A CA of the cluster (EC P-256). The API, the bus and every client trust {@link CLUSTER_CA} and nothing else. A successor is trusted beside it
 * for a while before it signs, and the old one is trusted until all that it signed has ended. A client that knows only an older
 * one verifies servers by the certificates that link the newer ones to it.
 */
export class CertificateAuthority implements RotatingKey {
  readonly schedule = SCHEDULES.ca;
  readonly holdMs = HOUR_MS;
  readonly #ring: KeyRing;
  #authorities: readonly Authority[] = [];
  #state: string | undefined;

  private constructor(
    store: KeyStore,
    private readonly now: () => Instant,
    private readonly names: AuthorityNames,
  ) {
    this.#ring = new KeyRing(store, names);
  }

  /** The CA that the store holds, made when there is none. Key and certificate are one file: both exist or neither. */
  static async open(
    store: KeyStore,
    now: () => Instant,
    names: AuthorityNames = CLUSTER_CA,
  ): Promise<CertificateAuthority> {
    const authority = new CertificateAuthority(store, now, names);
    await authority.refresh();
    if (authority.#authorities.length === 0) await authority.add({ made: now(), signs: now(), by: 'schedule' });
    return authority;
  }

  get generations(): readonly Generation[] {
    return this.#authorities.map(({ generation }) => generation);
  }

  /** Certificates of all trusted CAs, the one that signs first. */
  get bundle(): string {
    const signer = this.#signer();
    const others = this.#authorities.filter((one) => one !== signer).toReversed();
    return [signer, ...others].map(({ pem }) => pem).join('');
  }

  async refresh(): Promise<void> {
    const state = this.#ring.state();
    if (state === this.#state) return;
    const known = new Map(this.#authorities.map((one) => [one.generation.number, one]));
    const found = this.#ring.list();
    this.#authorities = await Promise.all(found.map((one) => known.get(one.number) ?? authorityOf(one)));
    this.#state = state;
  }

  async add(generation: NewGeneration): Promise<void> {
    const last = this.#authorities.at(-1);
    const number = (last?.generation.number ?? 0) + 1;
    const { made } = generation;
    // Names differ: some clients look for an issuer by its name alone.
    const { commonName } = this.names;
    const name = last === undefined ? commonName : `${commonName}-${number}`;
    const { issuer, privateKey } = await createAuthority(name, { made, ends: made + CA_MS });
    const crossed: string[] = [];
    if (last !== undefined && last.certificate.notAfter.getTime() > made) {
      crossed.push(pemOf(await crossSign(issuer, last, made)));
      crossed.push(...last.crossed.filter(({ ends }) => ends > made).map(({ pem }) => pem));
    }
    const body = [privateKey, pemOf(issuer.certificate), ...crossed.slice(0, CROSS_MAX)].join('');
    this.#ring.addAfter(number - 1, { ...generation, body });
    await this.refresh();
  }

  neededUntil(_generation: Generation, retired: Instant): Instant {
    return retired + CERTIFICATE_MS + KEEP_MORE_MS;
  }

  isNeedless(generation: Generation, retired: Instant, now: Instant): boolean {
    return now > this.neededUntil(generation, retired);
  }

  async drop(number: number): Promise<void> {
    this.#ring.drop(number);
    this.#state = undefined;
    await this.refresh();
  }

  async issue(request: CertificateRequest): Promise<IssuedCertificate> {
    const signer = this.#signer();
    const made = this.now();
    const lifeMs = Math.min((request.days ?? Infinity) * DAY_MS, CERTIFICATE_MS);
    const ends = Math.min(made - BACKDATED_MS + lifeMs, signer.certificate.notAfter.getTime());
    const { certificate, privateKey } = await createCertificate(request, signer, { made, ends });
    const isServer = request.usage !== 'client';
    return { certificate: pemOf(certificate) + (isServer ? linksOf(signer, made) : ''), privateKey };
  }

  /** For a key of somebody else. */
  async sign(wanted: WantedCertificate): Promise<string> {
    const signer = this.#signer();
    const ends = Math.min(wanted.ends, signer.certificate.notAfter.getTime());
    const certificate = await signCertificate({ ...wanted, ends }, signer);
    return pemOf(certificate) + (wanted.usages.includes(SERVER_AUTH) ? linksOf(signer, this.now()) : '');
  }

  /** Whether a certificate of this CA is to be renewed, given that all issued until `renewed` are. */
  isDue(pem: string, renewed: Instant): boolean {
    const certificate = parsed(pem);
    if (certificate === undefined || !certificate.checkIssued(this.#signer().shown)) return true;
    const from = certificate.validFromDate.getTime();
    if (from + BACKDATED_MS < renewed) return true;
    return isRenewalDue({ from, to: certificate.validToDate.getTime() }, this.now());
  }

  #signer(): Authority {
    const found = this.#authorities[signerOf(this.generations, this.now())];
    if (found === undefined) throw new Fault("the key store's CA is missing: restore it from a backup", false);
    return found;
  }
}

/** What clients need that know an earlier CA alone. */
function linksOf({ crossed }: Authority, now: Instant): string {
  return crossed
    .filter(({ ends }) => ends > now)
    .map(({ pem }) => pem)
    .join('');
}

async function authorityOf(generation: Generation): Promise<Authority> {
  const [privateKey] = pemBlocks(generation.body, 'PRIVATE KEY');
  const [pem, ...links] = pemBlocks(generation.body, 'CERTIFICATE');
  if (privateKey === undefined || pem === undefined)
    throw new Fault(`the key store's CA ${generation.number} is damaged: restore it from a backup`, false);
  const certificate = parseCertificate(pem);
  const made = certificate.notBefore.getTime() + BACKDATED_MS;
  return {
    // Older builds wrote no times: the certificate has them.
    generation: generation.made === 0 ? { ...generation, made, signs: made } : generation,
    pem,
    certificate,
    shown: new X509Certificate(pem),
    key: await importKey(privateKey),
    crossed: links.map((link) => ({ pem: link, ends: parseCertificate(link).notAfter.getTime() })),
  };
}

function parsed(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
