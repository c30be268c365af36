import type { UserInfo, View } from '#model';
import { kindRef } from '#model';
import { parseInstant, toTime, type Instant, type JsonObject } from '#std';
import type { Secret } from './schema.js';

const secrets = kindRef<Secret>('core.secrets');
const NAMESPACE = 'kube-system';
const TYPE = 'bootstrap.kubernetes.io/token';
const PREFIX = 'bootstrap-token-';
const ID = /^[a-z0-9]{6}$/;
const SECRET = /^[a-z0-9]{16}$/;
const GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;
/** Of tokens that are made for machines. */
export const JOINING_GROUP = 'system:bootstrappers:shiplog:default-node-token';
export const BOOTSTRAP_PREFIX = 'system:bootstrap:';

/** A token that a machine joins with, as its Secret in `kube-system` says. */
export interface BootstrapToken {
  readonly id: string;
  readonly secret: string;
  readonly user: UserInfo;
  /** Undefined: it has no end. One that cannot be read is over. */
  readonly expires: Instant | undefined;
}

/** The token of this id that may authenticate, its end aside; undefined when there is none. */
export function bootstrapToken(view: View, id: string): BootstrapToken | undefined {
  if (!ID.test(id)) return undefined;
  const object = view.get(secrets, NAMESPACE, `${PREFIX}${id}`);
  return object && tokenIn(object);
}

export interface NewBootstrapToken {
  readonly id: string;
  readonly secret: string;
  readonly ends: Instant | undefined;
  readonly description: string | undefined;
}

/** The object that makes a token known, for machines that join as members of {@link JOINING_GROUP}. */
export function bootstrapTokenSecret({ id, secret, ends, description }: NewBootstrapToken): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `${PREFIX}${id}`, namespace: NAMESPACE },
    type: TYPE,
    stringData: {
      'token-id': id,
      'token-secret': secret,
      'usage-bootstrap-authentication': 'true',
      'auth-extra-groups': JOINING_GROUP,
      ...(ends !== undefined && { expiration: toTime(ends) }),
      ...(description !== undefined && { description }),
    },
  };
}

/** All of them. */
export function bootstrapTokens(view: View): readonly BootstrapToken[] {
  return view.list(secrets, NAMESPACE).flatMap((object) => tokenIn(object) ?? []);
}

/** Whether a change of an object with this identity may change what {@link bootstrapTokens} says. */
export function isBootstrapToken(kind: string, namespace: string | undefined, name: string): boolean {
  return kind === secrets.id && namespace === NAMESPACE && name.startsWith(PREFIX);
}

export function isTokenOver({ expires }: Pick<BootstrapToken, 'expires'>, now: Instant): boolean {
  return expires !== undefined && !(expires > now);
}

function tokenIn(object: Secret): BootstrapToken | undefined {
  if (object.type !== TYPE || object.metadata.deletionTimestamp) return undefined;
  const text = (key: string): string => textOf(object.data?.[key]);
  const id = text('token-id');
  const secret = text('token-secret');
  if (object.metadata.name !== `${PREFIX}${id}` || !ID.test(id) || !SECRET.test(secret)) return undefined;
  if (text('usage-bootstrap-authentication') !== 'true') return undefined;
  const groups = text('auth-extra-groups')
    .split(',')
    .filter((group) => group !== '');
  if (!groups.every((group) => GROUP.test(group))) return undefined;
  const user = {
    name: `${BOOTSTRAP_PREFIX}${id}`,
    groups: ['system:bootstrappers', ...groups.sort(), 'system:authenticated'],
  };
  const end = text('expiration');
  return { id, secret, user, expires: end === '' ? undefined : (parseInstant(end) ?? -Infinity) };
}

/** The text of a value of `data`, which is base64. */
function textOf(value: string | undefined): string {
  try {
    return decodeURIComponent(escaped(atob(value ?? '')));
  } catch {
    return '';
  }
}
function escaped(bytes: string): string {
  return [...bytes].map((byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`).join('');
}
