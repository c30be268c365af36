import { secrets } from '#kinds';
import type { UserInfo, View } from '#model';
import type { Instant } from '#std';
import { timingSafeEqual } from 'node:crypto';

/** What a bearer token looks like that a node joins with: an id, and a secret. */
const TOKEN = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

/** The user of a bootstrap token, which is a Secret of `kube-system` named after the token's id. */
export function bootstrapUser(token: string, view: View, now: Instant): UserInfo | undefined {
  const [, id = '', secret = ''] = TOKEN.exec(token) ?? [];
  if (id === '') return undefined;
  const object = view.get(secrets, 'kube-system', `bootstrap-token-${id}`);
  if (!object || object.type !== 'bootstrap.kubernetes.io/token' || object.metadata.deletionTimestamp) {
    return undefined;
  }
  const data = object.data ?? {};
  const text = (key: string): string => Buffer.from(data[key] ?? '', 'base64').toString();
  if (text('token-id') !== id || !isSame(text('token-secret'), secret)) return undefined;
  if (text('usage-bootstrap-authentication') !== 'true' || isOver(text('expiration'), now)) return undefined;
  const groups = text('auth-extra-groups')
    .split(',')
    .filter((group) => group !== '');
  if (!groups.every((group) => GROUP.test(group))) return undefined;
  return { name: `system:bootstrap:${id}`, groups: ['system:bootstrappers', ...groups.sort(), 'system:authenticated'] };
}

/** A time that cannot be read is over. */
function isOver(expiration: string, now: Instant): boolean {
  return expiration !== '' && !(Date.parse(expiration) > now);
}

function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
