import { bootstrapToken, isTokenOver } from '#kinds';
import type { UserInfo, View } from '#model';
import type { Instant } from '#std';
import { timingSafeEqual } from 'node:crypto';

/** What a bearer token looks like that a node joins with: an id, and a secret. */
const TOKEN = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;

/** The user of a bootstrap token, which is a Secret of `kube-system` named after the token's id. */
export function bootstrapUser(token: string, view: View, now: Instant): UserInfo | undefined {
  const [, id = '', secret = ''] = TOKEN.exec(token) ?? [];
  const known = bootstrapToken(view, id);
  if (!known || !isSame(known.secret, secret) || isTokenOver(known, now)) return undefined;
  return known.user;
}

function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
