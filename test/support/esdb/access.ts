import { createHash } from 'node:crypto';
import { ServerInterceptingCall, status } from '@grpc/grpc-js';
import type {
  Metadata,
  MethodDefinition,
  sendUnaryData,
  Server,
  ServerInterceptor,
  ServerUnaryCall,
} from '@grpc/grpc-js';
import type { StreamIdentifier } from '@eventstore/db-client/generated/shared_pb.js';
import { streamName } from './messages.js';
import type { EsdbStore } from './store.js';

type Action = '$r' | '$w' | '$d' | '$mr' | '$mw';
type Acl = Readonly<Partial<Record<Action, string | readonly string[]>>>;

const ADMINS = '$admins';
const USERS = '/event_store.client.users.Users/';
/** What the genuine server answers to everybody. */
const PUBLIC = ['/event_store.client.gossip.', '/event_store.client.server_features.'];
/** The access list of `$all`, which only administrators may read unless it says otherwise. */
const ALL_METADATA = '$$$all';

/**
 * Logins and access lists as the genuine server has them: `$admins` may do everything, `$settings` holds the default list
 * of user streams (everybody, until it is replaced), the metadata of `$all` says who may read all. Users are kept as events.
 */
export class Access {
  constructor(
    private readonly store: EsdbStore,
    private readonly administratorPassword: string,
  ) {}

  /** Refuses calls without a right as the server does: 16 for a wrong login, 7 for a missing right. */
  readonly interceptor: ServerInterceptor = (method, call) => {
    let roles: readonly string[] | undefined;
    const refuse = (code: status, details: string): void => call.sendStatus({ code, details });
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, pass) => {
            roles = this.rolesOf(metadata);
            if (roles) pass(metadata);
            else refuse(status.UNAUTHENTICATED, 'UnAuthenticated');
          },
          onReceiveMessage: (message, pass) => {
            const isAllowed =
              PUBLIC.some((path) => method.path.startsWith(path)) || this.may(roles ?? [], method.path, message);
            if (isAllowed) pass(message as never);
            else refuse(status.PERMISSION_DENIED, 'Access Denied');
          },
        }),
    });
  };

  /** The part of the server's user management that Shiplog calls. */
  addUsers(server: Server): void {
    const texts = (request: Buffer): readonly string[] => fields(fields(request)[0] ?? Buffer.alloc(0)).map(String);
    type Handler = (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => void;
    const create: Handler = ({ request }, done) => {
      const [name = '', password = ''] = texts(request);
      if (this.passwordHash(name) !== undefined)
        return done({ code: status.ALREADY_EXISTS, details: `User '${name}' already exists.` });
      void this.set(name, password).then(() => done(null, Buffer.alloc(0)));
    };
    const reset: Handler = ({ request }, done) => {
      const [name = '', password = ''] = texts(request);
      if (this.passwordHash(name) === undefined)
        return done({ code: status.NOT_FOUND, details: `User '${name}' is not found.` });
      void this.set(name, password).then(() => done(null, Buffer.alloc(0)));
    };
    server.addService(
      { create: unary('Create'), resetPassword: unary('ResetPassword') },
      { create, resetPassword: reset },
    );
  }

  private rolesOf(metadata: Metadata): readonly string[] | undefined {
    const [header] = metadata.get('authorization');
    if (header === undefined) return [];
    const text = Buffer.from(String(header).replace(/^Basic /, ''), 'base64').toString();
    const split = text.indexOf(':');
    const [name, password] = [text.slice(0, split), text.slice(split + 1)];
    if (name === 'admin') return password === this.administratorPassword ? [ADMINS, name] : undefined;
    return this.passwordHash(name) === hash(password) ? [name] : undefined;
  }

  private may(roles: readonly string[], path: string, message: unknown): boolean {
    if (roles.includes(ADMINS)) return true;
    if (path.startsWith(USERS)) return false;
    const asked = options(message);
    // Later messages of an append carry events only.
    if (asked === undefined) return true;
    if (asked.hasAll?.()) return isAmong(roles, this.allReaders());
    const stream = streamName((asked.getStream?.() ?? asked).getStreamIdentifier?.());
    return isAmong(roles, stream.startsWith('$') ? [ADMINS] : this.defaults()[actionOf(path)]);
  }

  private allReaders(): Acl['$r'] {
    return (this.last(ALL_METADATA)?.['$acl'] as Acl | undefined)?.$r ?? [ADMINS];
  }

  private defaults(): Acl {
    const everybody = { $r: '$all', $w: '$all', $d: '$all', $mr: '$all', $mw: '$all' };
    return (this.last('$settings')?.['$userStreamAcl'] as Acl | undefined) ?? everybody;
  }

  private passwordHash(name: string): unknown {
    return this.last(`$user-${name}`)?.['hash'];
  }

  private async set(name: string, password: string): Promise<void> {
    const data = Buffer.from(JSON.stringify({ hash: hash(password) }));
    const event = { id: crypto.randomUUID(), type: '$UserUpdated', contentType: 'application/json' };
    await this.store.append(`$user-${name}`, 'any', [{ ...event, data, metadata: Buffer.alloc(0) }]);
  }

  private last(stream: string): Readonly<Record<string, unknown>> | undefined {
    const event = this.store.stream(stream)?.at(-1);
    return event && (JSON.parse(Buffer.from(event.data).toString()) as Record<string, unknown>);
  }
}

/** The parts of the generated messages that name a stream. */
interface Asked {
  hasAll?(): boolean;
  getStream?(): { getStreamIdentifier(): StreamIdentifier | undefined } | undefined;
  getStreamIdentifier?(): StreamIdentifier | undefined;
}

function options(message: unknown): Asked | undefined {
  return (message as { getOptions?(): Asked | undefined }).getOptions?.();
}

function actionOf(path: string): Action {
  if (path.endsWith('/Read')) return '$r';
  return path.endsWith('ppend') ? '$w' : '$d';
}

function isAmong(roles: readonly string[], allowed: string | readonly string[] | undefined): boolean {
  const list = typeof allowed === 'string' ? [allowed] : (allowed ?? []);
  return list.includes('$all') || list.some((role) => roles.includes(role));
}

function hash(password: string): string {
  return createHash('sha256').update(password).digest('hex');
}

function unary(name: string): MethodDefinition<Buffer, Buffer> {
  const bytes = (value: Buffer): Buffer => value;
  return {
    path: `${USERS}${name}`,
    requestStream: false,
    responseStream: false,
    ...{ requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes },
  };
}

/** The length-delimited fields of a protobuf message, in order. */
function fields(message: Buffer): readonly Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < message.length;) {
    at++;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message.readUInt8(at++);
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    found.push(message.subarray(at, (at += length)));
  }
  return found;
}
