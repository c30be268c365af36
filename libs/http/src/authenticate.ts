import type { UserInfo, View } from '#model';
import type { Keys } from '#ports';
import type { Instant } from '#std';
import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { bootstrapUser } from './bootstrap-token.js';
import { answers, type HttpRefusal } from './status.js';

export type AnyRequest = IncomingMessage | Http2ServerRequest;

export const AUTHENTICATED = 'system:authenticated';
export const ANONYMOUS: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

export interface Authentication {
  readonly keys: Pick<Keys, 'verifyToken'>;
  readonly issuer: string;
  current(): View;
  now(): Instant;
}

/** Who sends a request: a bearer token, else a client certificate of the cluster CA, else nobody. */
export function authenticator(
  options: Authentication,
): (request: AnyRequest) => UserInfo | HttpRefusal | Promise<UserInfo | HttpRefusal> {
  const byConnection = new WeakMap<object, UserInfo | 'bad'>();
  const tokens = new TokenCache(options);
  return (request) => {
    const header = request.headers.authorization;
    const token = header === undefined ? undefined : /^Bearer +(\S.*)$/i.exec(header)?.[1]?.trim();
    if (token !== undefined) return tokens.user(token);
    const connection = connectionOf(request);
    let user = byConnection.get(connection.key);
    if (user === undefined) {
      user = certificateUser(connection.socket);
      byConnection.set(connection.key, user);
    }
    // A header that is no bearer token leaves the certificate, and without one, nobody.
    return user === 'bad' ? answers.unauthorized : user;
  };
}

function connectionOf(request: AnyRequest): { readonly key: object; readonly socket: TLSSocket | undefined } {
  const stream = 'stream' in request ? request.stream : undefined;
  const session = stream?.session;
  if (session) return { key: session, socket: session.socket as TLSSocket };
  return { key: request.socket, socket: request.socket as TLSSocket };
}

function certificateUser(socket: TLSSocket | undefined): UserInfo | 'bad' {
  if (!socket || typeof socket.getPeerCertificate !== 'function') return ANONYMOUS;
  const certificate = socket.getPeerCertificate() as PeerCertificate | null;
  if (!certificate?.subject) return ANONYMOUS;
  if (!socket.authorized) return 'bad';
  const subject = certificate.subject as unknown as { readonly CN?: string | string[]; readonly O?: string | string[] };
  const name = texts(subject.CN)[0] ?? '';
  if (name === '') return 'bad';
  return { name, groups: [...texts(subject.O), AUTHENTICATED] };
}
const texts = (value: string | string[] | undefined): readonly string[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];

/** Claims of tokens whose signature was checked a moment ago; what they name is looked up each time. */
class TokenCache {
  private readonly claims = new Map<string, { readonly claims: Claims | undefined; readonly until: Instant }>();
  constructor(private readonly options: Authentication) {}

  async user(token: string): Promise<UserInfo | HttpRefusal> {
    const now = this.options.now();
    const joining = bootstrapUser(token, this.options.current(), now);
    if (joining) return joining;
    let known = this.claims.get(token);
    if (!known || known.until <= now) {
      const claims = (await this.options.keys.verifyToken(token, now)) as Claims | undefined;
      known = { claims, until: now + 10_000 };
      if (this.claims.size > 10_000) this.claims.clear();
      this.claims.set(token, known);
    }
    const user = known.claims && accountOf(known.claims, this.options);
    return user ?? answers.unauthorized;
  }
}

interface Claims {
  readonly iss?: string;
  readonly aud?: string | readonly string[];
  readonly exp?: number;
  readonly jti?: string;
  readonly 'kubernetes.io'?: {
    readonly namespace?: string;
    readonly serviceaccount?: Named;
    readonly pod?: Named;
    readonly secret?: Named;
    readonly node?: Named;
  };
}
interface Named {
  readonly name: string;
  readonly uid: string;
}
const KINDS = { serviceAccount: 'core.serviceaccounts', pod: 'core.pods', secret: 'core.secrets' } as const;

/** The service account of a token, if it and everything that the token is bound to still are what they were. */
export function accountOf(
  claims: Claims,
  options: Pick<Authentication, 'current' | 'now' | 'issuer'>,
): UserInfo | undefined {
  const own = claims['kubernetes.io'];
  const audiences = typeof claims.aud === 'string' ? [claims.aud] : (claims.aud ?? []);
  if (claims.iss !== options.issuer || !audiences.includes(options.issuer)) return undefined;
  if (claims.exp !== undefined && claims.exp * 1000 <= options.now()) return undefined;
  const { namespace, serviceaccount: account } = own ?? {};
  if (!namespace || !account) return undefined;
  const view = options.current();
  const lives = (kind: string, named: Named): boolean =>
    view.get({ id: kind }, namespace, named.name)?.metadata.uid === named.uid;
  if (!lives(KINDS.serviceAccount, account)) return undefined;
  if (own?.pod && !lives(KINDS.pod, own.pod)) return undefined;
  if (own?.secret && !lives(KINDS.secret, own.secret)) return undefined;
  const extra: Record<string, readonly string[]> = {};
  const add = (key: string, value: string | undefined): void => {
    if (value) extra[`authentication.kubernetes.io/${key}`] = [value];
  };
  add('credential-id', claims.jti && `JTI=${claims.jti}`);
  add('node-name', own?.node?.name);
  add('node-uid', own?.node?.uid);
  add('pod-name', own?.pod?.name);
  add('pod-uid', own?.pod?.uid);
  return {
    name: `system:serviceaccount:${namespace}:${account.name}`,
    uid: account.uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, AUTHENTICATED],
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}
