import type { Identity, UserInfo } from '#model';
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { answers, type HttpRefusal } from './status.js';
import { Tokens, type Authentication } from './tokens.js';
import { ANONYMOUS, AUTHENTICATED } from './users.js';

export type AnyRequest = IncomingMessage | Http2ServerRequest;

/** Knows who sends a request, and whose a token is. */
export class Authenticator {
  private readonly byConnection = new WeakMap<object, UserInfo | 'bad'>();
  private readonly tokens: Tokens;

  constructor(private readonly options: Authentication) {
    this.tokens = new Tokens(options);
  }

  /** Who sends a request: a bearer token, else a client certificate of the cluster CA, else nobody. */
  sender(request: AnyRequest): UserInfo | HttpRefusal | Promise<UserInfo | HttpRefusal> {
    const token = bearerToken(request.headers.authorization ?? '');
    if (token !== undefined) return this.bearer(token);
    const connection = connectionOf(request);
    let user = this.byConnection.get(connection.key);
    if (user === undefined) {
      user = certificateUser(connection.socket);
      this.byConnection.set(connection.key, user);
    }
    // A header that is no bearer token leaves the certificate, and without one, nobody.
    return user === 'bad' ? answers.unauthorized : user;
  }

  /** Who a request would come from that shows this token and nothing else. */
  async owner(token: string, audiences: readonly string[]): Promise<Identity> {
    const asked = audiences.length > 0 ? audiences : [this.options.issuer];
    const bearer = bearerToken(`Bearer ${token}`);
    return bearer === undefined ? { user: ANONYMOUS, audiences: asked } : this.tokens.owner(bearer, asked);
  }

  private async bearer(token: string): Promise<UserInfo | HttpRefusal> {
    const owner = await this.tokens.owner(token, [this.options.issuer]);
    return 'error' in owner ? answers.unauthorized : owner.user;
  }
}

/** The second word of the header: a token has no blanks. None where the words are parted by more than one. */
function bearerToken(header: string): string | undefined {
  const [scheme = '', token = ''] = header.trim().split(' ');
  return scheme.toLowerCase() === 'bearer' && token !== '' ? token : undefined;
}

function connectionOf(request: AnyRequest): { readonly key: object; readonly socket: TLSSocket | undefined } {
  const stream = 'stream' in request ? request.stream : undefined;
  const session = stream?.session;
  if (session) return { key: session, socket: session.socket as TLSSocket };
  return { key: request.socket, socket: request.socket as TLSSocket };
}

/** Tells the certificates of one user apart, as the claim `jti` does tokens. */
const CREDENTIAL = 'authentication.kubernetes.io/credential-id';

function certificateUser(socket: TLSSocket | undefined): UserInfo | 'bad' {
  if (!socket || typeof socket.getPeerCertificate !== 'function') return ANONYMOUS;
  const certificate = socket.getPeerCertificate() as PeerCertificate | null;
  if (!certificate?.subject) return ANONYMOUS;
  if (!socket.authorized) return 'bad';
  const subject = certificate.subject as unknown as { readonly CN?: string | string[]; readonly O?: string | string[] };
  const name = texts(subject.CN)[0] ?? '';
  if (name === '') return 'bad';
  const fingerprint = createHash('sha256').update(certificate.raw).digest('hex');
  return { name, groups: [...texts(subject.O), AUTHENTICATED], extra: { [CREDENTIAL]: [`X509SHA256=${fingerprint}`] } };
}
const texts = (value: string | string[] | undefined): readonly string[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];
