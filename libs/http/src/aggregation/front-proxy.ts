import type { UserInfo } from '#model';
import type { IssuedCertificate, Keys } from '#ports';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { CONNECTION_HEADERS } from '../connection-headers.js';

/** What the front proxy needs of the key store. */
export type FrontProxyKeys = Pick<Keys, 'issueFrontProxyCertificate' | 'isFrontProxyCertificateDue'>;

/** How often the certificate is looked at. */
const LOOK_MS = 60_000;

/** The client certificate by which aggregated servers authenticate this server; renewed when it is due. */
export class FrontProxy {
  private certificate: Promise<IssuedCertificate> | undefined;
  private lookedAt = -Infinity;

  constructor(
    private readonly keys: FrontProxyKeys,
    private readonly monotonic: () => number,
  ) {}

  /** The same object until it is renewed. */
  async current(): Promise<IssuedCertificate> {
    const known = await this.certificate;
    if (known && this.monotonic() - this.lookedAt < LOOK_MS) return known;
    this.lookedAt = this.monotonic();
    if (known && !this.keys.isFrontProxyCertificateDue(known.certificate)) return known;
    const issued = this.keys.issueFrontProxyCertificate();
    this.certificate = issued;
    issued.catch(() => (this.certificate = undefined));
    return issued;
  }
}

const USER = 'x-remote-user';
const UID = 'x-remote-uid';
const GROUP = 'x-remote-group';
const EXTRA = 'x-remote-extra-';

/** Headers that concern one connection, or name the sender: none of a client's reaches an aggregated server. */
const NOT_PASSED = new Set([
  ...[...CONNECTION_HEADERS, 'expect'],
  ...['proxy-authorization', 'proxy-authenticate', 'authorization', USER, UID, GROUP],
]);

/** Whether a header is passed on. Some servers read `_` in a header's name as `-`. */
function isPassed(name: string): boolean {
  const plain = name.replaceAll('_', '-');
  const isIdentity = plain.startsWith(EXTRA) || plain.startsWith('impersonate-');
  return !NOT_PASSED.has(plain) && !isIdentity && !plain.startsWith(':');
}

/** Headers of a message without those of its connection and of its sender. */
export function passedHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const named = new Set((headers.connection ?? '').toLowerCase().split(/[\s,]+/));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => isPassed(name) && !named.has(name)));
}

/** The headers that name the user of a request. */
export function identityHeaders({ name, uid, groups, extra = {} }: UserInfo): OutgoingHttpHeaders {
  return {
    [USER]: utf8(name),
    ...(uid && { [UID]: utf8(uid) }),
    ...(groups.length > 0 && { [GROUP]: groups.map(utf8) }),
    ...Object.fromEntries(
      Object.entries(extra).map(([key, values]) => [EXTRA + escapedKey(key), values.map(utf8)] as const),
    ),
  };
}

/** Node writes the characters of a header as bytes: these are the bytes of UTF-8. */
function utf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The key of an extra as a part of a header's name: every byte that such a name may not have is percent-encoded, `%` too. */
export function escapedKey(key: string): string {
  return [...Buffer.from(key, 'utf8')]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      const isLegal = /[!#$&'*+\-.^_`|~0-9A-Za-z]/.test(character);
      return isLegal ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
