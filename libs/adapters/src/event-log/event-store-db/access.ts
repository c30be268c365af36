import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { ChannelCredentials, Client, Metadata, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { LogUnavailable } from '#ports';
import { stableStringify, type JsonObject } from '#std';
import { withLogin, type EventStoreLogin } from '../event-store-login.js';

export interface EventStoreAccess {
  /** `esdb://host:port?tls=true&tlsCaFile=…`, without a user. */
  readonly url: string;
  readonly administrator: EventStoreLogin;
  /** May read and append. */
  readonly writers: readonly EventStoreLogin[];
  /** May read. */
  readonly readers: readonly EventStoreLogin[];
}

const USERS = '/event_store.client.users.Users';
const CALL_MS = 5000;
const RETRY_MS = 500;
/** A server that starts refuses its administrator until it has made that user. */
const READY_MS = 120_000;
const DEFAULT_ACL = 'update-default-acl';
const ADMINS = '$admins';

/**
 * Restricts an event store to Shiplog: creates the given users and replaces the server's default access list, which lets
 * everybody read and write. Applies to the whole server, whose open edition has no access lists by prefix: give Shiplog a
 * server of its own. Running it again changes passwords and lists to what is given. Throws {@link LogUnavailable}.
 */
export async function restrictAccess(access: EventStoreAccess): Promise<void> {
  const deadline = performance.now() + READY_MS;
  for (;;) {
    try {
      await attempt(access);
      return;
    } catch (cause) {
      if (!isStarting(cause) || performance.now() > deadline) throw refused(access, cause);
      await sleep(RETRY_MS);
    }
  }
}

async function attempt(access: EventStoreAccess): Promise<void> {
  const users = new Users(access);
  const client = EventStoreDBClient.connectionString(withLogin(access.url, access.administrator));
  try {
    for (const login of [...access.writers, ...access.readers]) await users.ensure(login);
    await restrictDefaults(client, access);
  } finally {
    users.close();
    await client.dispose();
  }
}

async function restrictDefaults(client: EventStoreDBClient, { writers, readers }: EventStoreAccess): Promise<void> {
  const writing = [ADMINS, ...writers.map(({ username }) => username)];
  const reading = [...writing, ...readers.map(({ username }) => username)];
  const acl = {
    $userStreamAcl: { $r: reading, $w: writing, $d: writing, $mr: reading, $mw: writing },
    $systemStreamAcl: { $r: ADMINS, $w: ADMINS, $d: ADMINS, $mr: ADMINS, $mw: ADMINS },
  };
  await client.setStreamMetadata('$all', { acl: { readRoles: reading } }, { deadline: CALL_MS });
  const present = await presentDefaults(client);
  if (present && stableStringify(present) === stableStringify(acl)) return;
  await client.appendToStream('$settings', jsonEvent({ type: DEFAULT_ACL, data: acl }), { deadline: CALL_MS });
}

async function presentDefaults(client: EventStoreDBClient): Promise<JsonObject | undefined> {
  try {
    const events = client.readStream('$settings', { direction: 'backwards', fromRevision: 'end', maxCount: 1 });
    let found: JsonObject | undefined;
    // Read to its end: the client waits for calls that were left open.
    for await (const { event } of events)
      if (event?.type === DEFAULT_ACL && event.isJson) found = event.data as JsonObject;
    return found;
  } catch (cause) {
    if (!(cause instanceof Error) || cause.constructor.name !== 'StreamNotFoundError') throw cause;
  }
  return undefined;
}

/** The server's user management, which the client library lacks. */
class Users {
  private readonly client: Client;
  private readonly metadata = new Metadata();

  constructor({ url, administrator }: EventStoreAccess) {
    const { host, searchParams } = new URL(url.replace(/^esdb(\+discover)?:/, 'https:'));
    const ca = searchParams.get('tlsCaFile');
    const isPlain = searchParams.get('tls') === 'false';
    const secure = ChannelCredentials.createSsl(ca === null ? null : readFileSync(ca));
    this.client = new Client(host, isPlain ? ChannelCredentials.createInsecure() : secure);
    const login = `${administrator.username}:${administrator.password}`;
    this.metadata.set('authorization', `Basic ${Buffer.from(login).toString('base64')}`);
  }

  /** A user of this name with this password. */
  async ensure({ username, password }: EventStoreLogin): Promise<void> {
    try {
      await this.call('Create', [username, password, username]);
    } catch (cause) {
      if ((cause as ServiceError).code !== status.ALREADY_EXISTS) throw cause;
      await this.call('ResetPassword', [username, password]);
    }
  }

  close(): void {
    this.client.close();
  }

  /** The requests have one form: a message 1 of texts that are numbered from 1. */
  private call(method: string, texts: readonly string[]): Promise<void> {
    const request = field(1, Buffer.concat(texts.map((text, i) => field(i + 1, Buffer.from(text)))));
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(
        `${USERS}/${method}`,
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => bytes,
        request,
        this.metadata,
        { deadline: Date.now() + CALL_MS },
        (error) => (error ? reject(error) : resolve()),
      );
    });
  }
}

/** A length-delimited protobuf field. */
function field(number: number, content: Buffer): Buffer {
  const length: number[] = [];
  for (let left = content.length; ; left >>>= 7) {
    if (left < 0x80) {
      length.push(left);
      break;
    }
    length.push((left & 0x7f) | 0x80);
  }
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), content]);
}

/** Both the plain calls' codes and the errors that the client library makes of them. */
function isStarting(cause: unknown): boolean {
  const starting: readonly unknown[] = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.UNAUTHENTICATED];
  if (starting.includes((cause as { code?: unknown }).code)) return true;
  return cause instanceof Error && /^(Unavailable|DeadlineExceeded|Timeout)Error$/.test(cause.constructor.name);
}

function refused({ url }: EventStoreAccess, cause: unknown): LogUnavailable {
  const { host } = new URL(url.replace(/^esdb(\+discover)?:/, 'https:'));
  const why = cause instanceof Error ? cause.message : 'unknown error';
  return new LogUnavailable(`The access lists of the event store ${host} cannot be set: ${why}`, { cause });
}
